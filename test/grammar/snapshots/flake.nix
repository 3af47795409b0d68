{
  description = "A flake with a bit of everything";

  nixConfig = {
    extra-substituters = [ "https://cache.example.org" ];
    extra-trusted-public-keys = [ "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=" ];
  };

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    tools = {
      url = "path:./tools";
      inputs.nixpkgs.follows = "nixpkgs";
      flake = false;
    };
  };

  outputs =
    { self, nixpkgs, ... }@inputs:
    let
      system = "x86_64-linux";
    in
    {
      packages.${system}.default = nixpkgs.legacyPackages.${system}.fetchurl {
        url = "https://example.org/a-${system}.tar.gz";
        hash = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        postFetch = ''
          cp /nix/store/v02pl5dhayp8jnz8ahdvg5vi71s8xc6g-hello-2.10/bin/hello $out ${self}
        '';
      };
    };
}
