# The root flake's outputs as lines of text: where each stands, and its derivation's name without the version. Forcing
# a derivation's path forces all that goes into it.
flake:
let
  over = set: give: builtins.concatMap (name: give name set.${name}) (builtins.attrNames set);
  line = place: derivation: builtins.seq derivation.drvPath "${place} ${(builtins.parseDrvName derivation.name).name}";
  lines = over flake (
    output: systems:
    over systems (
      system: derivations:
      over derivations (name: derivation: [ (line "${output}.${system}.${name}" derivation) ])
    )
  );
  program = "program ${flake.packages.x86_64-linux.default.meta.mainProgram}";
in
builtins.concatStringsSep "\n" (lines ++ [ program "" ])
