# Stands in for nixpkgs where there is none: just what the root's flake.nix asks of it, and an error for anything else.
# Each function insists on the arguments that the real one needs; each result is a derivation that is never built.
{
  outputs =
    { self }:
    let
      lib = {
        genAttrs = names: give: builtins.listToAttrs (map (name: { inherit name; value = give name; }) names);
        licenses = {
          mit = { spdxId = "MIT"; };
          asl20 = { spdxId = "Apache-2.0"; };
        };
      };

      packagesOf =
        system:
        let
          standIn =
            name: arguments:
            derivation (
              {
                inherit name system;
                builder = "/bin/sh";
                args = [ "-c" "exit 1" ];
              }
              // arguments
            );
          tool = name: standIn name { };
        in
        {
          stdenv.hostPlatform = { inherit system; };

          rustPlatform.buildRustPackage =
            {
              pname,
              version,
              src,
              cargoLock,
              cargoBuildFlags ? [ ],
              doCheck ? true,
              meta,
            }:
            let
              # As the real one: it reads the lock file, and a crate from git would need a hash.
              locked = (builtins.fromTOML (builtins.readFile cargoLock.lockFile)).package;
              fromElsewhere = builtins.filter (p: p ? source && !(p ? checksum)) locked;
            in
            if fromElsewhere != [ ] then
              throw "cargoLock.outputHashes lacks ${(builtins.head fromElsewhere).name}"
            else
              standIn "${pname}-${version}" { inherit src cargoBuildFlags doCheck; } // { inherit meta; };

          mkShell = { packages }: standIn "nix-shell" { nativeBuildInputs = packages; };

          runCommand = name: env: script: standIn name (env // { inherit script; });
        }
        // lib.genAttrs [
          "cargo"
          "cargo-nextest"
          "clippy"
          "just"
          "nix"
          "openssh"
          "rust-analyzer"
          "rustc"
          "rustfmt"
          "shellcheck"
        ] tool;
    in
    {
      inherit lib;
      legacyPackages = lib.genAttrs [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ] packagesOf;
    };
}
