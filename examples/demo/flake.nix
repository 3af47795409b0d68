# A sample for `npm start`: hover the inputs below. Its binary cache is made on the fly by
# scripts/demoCache.mjs, which says what each input shows. Nothing is built or fetched.
{
  description = "What Flake Trust shows";

  nixConfig = {
    # Named by this flake only: shown as declared, and not asked until you accept it.
    extra-substituters = [ "https://cache.demo.example" ];
    extra-trusted-public-keys = [ "cache.demo.example-1:tMM3GHylIX2bECMk4A7/XtJgUmXdlY4eodnH0wpU4CA=" ];
  };

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

    home-manager = {
      url = "github:nix-community/home-manager";
      inputs.nixpkgs.follows = "nixpkgs";
    };

    devshell = {
      url = "github:numtide/devshell";
      inputs.nixpkgs.follows = "nixpkgs";
    };

    flake-utils.url = "github:numtide/flake-utils";

    tools.url = "github:flake-trust/demo-tools";

    theme.url = "github:flake-trust/demo-theme";

    platform-lib.url = "git+ssh://git@git.corp.example/platform/lib";
  };

  outputs =
    { self, nixpkgs, flake-utils, devshell, ... }:
    flake-utils.lib.eachDefaultSystem (system: {
      devShells.default = nixpkgs.legacyPackages.${system}.mkShell { };
    });
}
