# SYNTAX TEST "source.nix" "store paths, hashes and keys in Nix strings"
{
  nixConfig.extra-trusted-public-keys = [ "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=" ];
# ^^^^^^^^^ entity.other.attribute-name.multipart.nix
#                                          ^^^^^^^^^^^^^^^^^ string.quoted.double.nix meta.public-key.flake-trust entity.name.type.key-name.flake-trust
#                                                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ constant.numeric.public-key.flake-trust
#                                                                                                        ^ punctuation.definition.string.double.end.nix
#                                                                                                          ^ punctuation.definition.list.nix
  a.narHash = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
#              ^^^^^^ storage.type.hash.flake-trust
#                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ constant.numeric.hash.flake-trust
#                                                                 ^ punctuation.definition.string.double.end.nix
#                                                                  ^ punctuation.terminator.bind.nix
  b.sha256 = "1h3aqfrvgmwnmxqvnf2hcwyxpc5c7vbqh3v6x8pjbgmnbyq4wrdg";
#             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ constant.numeric.hash.flake-trust
  c.url = "path:/nix/store/v02pl5dhayp8jnz8ahdvg5vi71s8xc6g-source?narHash=sha256-ungWv48Bz%2BpBQUDeXa4iI7ADYaOWF3qctBD";
#               ^^^^^^^^^^^ support.other.store-directory.flake-trust
#                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ constant.numeric.store-path-hash.flake-trust
  d = ''
    ${"x"}: /nix/store/v02pl5dhayp8jnz8ahdvg5vi71s8xc6g-hello-2.10/bin/hello
#   ^^ punctuation.section.embedded.begin.nix
#        ^ punctuation.section.embedded.end.nix
#                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ string.quoted.other.nix meta.store-path.flake-trust constant.numeric.store-path-hash.flake-trust
#                                                       ^^^^^^^^^^ entity.name.store-path.flake-trust
#                                                                 ^^^^^^^^^^ string.quoted.other.nix - meta.store-path.flake-trust
    sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=${e}
#                                                      ^^ punctuation.section.embedded.begin.nix
  '';
# ^^ punctuation.definition.string.other.end.nix
  # sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=
# ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ comment.line.number-sign.nix - meta.hash.flake-trust
  e.url = "github:NixOS/nixpkgs/nixos-unstable";
#          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ string.quoted.double.nix - meta.public-key.flake-trust meta.hash.flake-trust
  f = "http://example.org:8080/v02pl5dhayp8jnz8ahdvg5vi71s8xc6g.narinfo";
#      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ string.quoted.double.nix - meta.store-path.flake-trust
}
