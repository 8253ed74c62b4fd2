# A machine of a flake as a guest: what is to be built, and what of the machine a guest does not have.
{ machine, guest, sops }:
let
  inherit (builtins) attrNames concatStringsSep filter isAttrs length;
  extended = machine.extendModules { modules = [ (guest { options = machine.options or { }; inherit sops; }) ]; };
  isExtensible = machine ? extendModules;
  config = machine.config;
  names = set: if isAttrs set then attrNames set else [ ];
  # The root and the store of a guest are its own whatever they are on the machine.
  disks = filter (point: config.fileSystems.${point}.fsType or "" != "tmpfs") (names (config.fileSystems or null));
  tell = what: list: if list == [ ] then [ ] else [ "${what} ${concatStringsSep ", " list}" ];
  # Where a machine's own files of sops are looked through without a key: that they are there, and hold what is asked for.
  manifests = filter (manifest: manifest != null) [
    (config.system.build.sops-nix-manifest or null)
    (config.system.build.sops-nix-users-manifest or null)
  ];
  swap = length (config.swapDevices or [ ]);
in
{
  # A set that somebody made by hand has a system, and no way to say more about it.
  drv = if ! isExtensible then null else builtins.unsafeDiscardStringContext extended.config.system.build.toplevel.drvPath;
  checked = if ! isExtensible || names (config.sops.secrets or null) == [ ] then [ ] else map (manifest: builtins.unsafeDiscardStringContext manifest.drvPath) manifests;
  replaced =
    tell "the disks of" disks
    ++ tell "the encrypted disks" (names (config.boot.initrd.luks.devices or null))
    ++ tell "sops' files of the secrets" (names (config.sops.secrets or null))
    ++ (if swap == 0 then [ ] else [ "the swap space" ]);
}
