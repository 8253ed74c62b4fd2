# seaworthy for users of Nix: the program, a shell to work on it, and the checks of this repository's own build.
#
# What is proven: `ci/run lint` evaluates every output of this file, on every system, against a stand-in for nixpkgs
# (ci/flake/stand-in). What is not: no nixpkgs took part, so the build itself has not been seen to pass through it.
{
  description = "Nothing sails until it is proven seaworthy: proof for Nix fleets before they are deployed";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      forEachSystem = give: nixpkgs.lib.genAttrs systems (system: give nixpkgs.legacyPackages.${system});
      manifest = (builtins.fromTOML (builtins.readFile ./Cargo.toml)).workspace.package;
    in
    {
      packages = forEachSystem (pkgs: {
        default = self.packages.${pkgs.stdenv.hostPlatform.system}.seaworthy;
        seaworthy = pkgs.rustPlatform.buildRustPackage {
          pname = "seaworthy";
          inherit (manifest) version;
          src = self;
          cargoLock.lockFile = ./Cargo.lock;
          cargoBuildFlags = [
            "--package"
            "cli"
          ];
          # The tests start nix, QEMU and sshd; a build's sandbox has none of them. `ci/run test` runs them.
          doCheck = false;
          meta = {
            description = "Proves Nix fleets before they are deployed";
            mainProgram = "seaworthy";
            license = with nixpkgs.lib.licenses; [
              mit
              asl20
            ];
          };
        };
      });

      devShells = forEachSystem (pkgs: {
        default = pkgs.mkShell {
          packages = with pkgs; [
            cargo
            cargo-nextest
            clippy
            just
            nix
            openssh
            rust-analyzer
            rustc
            rustfmt
            shellcheck
          ];
        };
      });

      checks = forEachSystem (
        pkgs:
        let
          inherit (self.packages.${pkgs.stdenv.hostPlatform.system}) seaworthy;
        in
        {
          inherit seaworthy;
          # The program starts and knows its own name.
          starts = pkgs.runCommand "seaworthy-starts" { nativeBuildInputs = [ seaworthy ]; } ''
            seaworthy --version | grep --fixed-strings '${manifest.version}'
            touch "$out"
          '';
        }
      );
    };
}
