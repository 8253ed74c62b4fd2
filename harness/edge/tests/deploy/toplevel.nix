# The system of a box: a `switch-to-configuration` that really changes what runs, with no nixpkgs. What it runs is a socket that
# answers with its version. `trouble` is shell that is run in the middle of an activation of it.
{
  version,
  trouble ? "",
  bootTrouble ? "",
  kernel ? "",
  # Bytes of a package that it depends on; without any there is none.
  ballast ? "",
}:
let
  system = builtins.currentSystem;
  package = derivation {
    name = "ballast-${version}";
    inherit system ballast;
    builder = "/bin/sh";
    args = [
      "-euc"
      ''printf "%''${ballast}s" >"$out"''
    ];
  };
in
derivation {
  name = "box-system-${version}";
  inherit
    system
    version
    trouble
    bootTrouble
    kernel
    ;
  package = if ballast == "" then "" else package;
  builder = "/bin/sh";
  PATH = "/usr/bin:/bin";
  switch = ./switch.sh;
  init = ./init.sh;
  args = [
    "-euc"
    ''
      mkdir -p "$out/bin" "$out/units" "$out/etc/systemd"
      ln -s ../../units "$out/etc/systemd/system"
      for file in switch init; do
        eval "from=\$$file"
        sed "s|@out@|$out|g" "$from" >"$out/$file"
        chmod +x "$out/$file"
      done
      mv "$out/switch" "$out/bin/switch-to-configuration"
      printf '#!/bin/sh\nexec %s/bin/switch-to-configuration activate\n' "$out" >"$out/activate"
      chmod +x "$out/activate"
      printf '%s\n' "$trouble" >"$out/trouble"
      printf '%s\n' "$bootTrouble" >"$out/boot-trouble"
      printf '[Socket]\nListenStream=8080\nAccept=yes\n' >"$out/units/version.socket"
      printf '[Service]\nExecStart=/bin/echo %s\nStandardInput=socket\nStandardOutput=socket\n' "$version" >"$out/units/version@.service"
      [ -z "$kernel" ] || printf '%s\n' "$kernel" >"$out/kernel"
      [ -z "$package" ] || printf '%s\n' "$package" >"$out/package"
      printf '[Unit]\nWants=version.socket\n' >"$out/units/multi-user.conf"
    ''
  ];
}
