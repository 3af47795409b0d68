# A sample for docs/example.md: what a program needs, with nothing but a shell to build it. It has no inputs.
{
  description = "A small program with a library and a configuration";

  outputs =
    { ... }:
    let
      system = "x86_64-linux";
      make =
        name: script: needs:
        derivation (
          needs
          // {
            inherit name system;
            builder = "/bin/sh";
            args = [ "-c" script ];
          }
        );
      lib = make "lib-1.0" "echo library > $out" { };
      site-config = make "site-config" "echo colour = green > $out" { };
    in
    {
      packages.${system} = {
        inherit lib;
        tool = make "tool-2.1" "echo $lib > $out" { inherit lib; };
        default = make "program-3.4" "echo $lib ${site-config} > $out" { inherit lib; };
      };
    };
}
