# A machine of a flake as a guest: what is to be built, and what of the machine a guest does not have.
{ machine, guest }:
let
  inherit (builtins) attrNames concatStringsSep filter isAttrs length;
  extended = machine.extendModules { modules = [ (guest (machine.options or { })) ]; };
  isExtensible = machine ? extendModules;
  config = machine.config;
  names = set: if isAttrs set then attrNames set else [ ];
  # The root and the store of a guest are its own whatever they are on the machine.
  disks = filter (point: config.fileSystems.${point}.fsType or "" != "tmpfs") (names (config.fileSystems or null));
  tell = what: list: if list == [ ] then [ ] else [ "${what} ${concatStringsSep ", " list}" ];
  swap = length (config.swapDevices or [ ]);
in
{
  # A set that somebody made by hand has a system, and no way to say more about it.
  drv = if ! isExtensible then null else builtins.unsafeDiscardStringContext extended.config.system.build.toplevel.drvPath;
  replaced =
    tell "the disks of" disks
    ++ tell "the encrypted disks" (names (config.boot.initrd.luks.devices or null))
    ++ (if swap == 0 then [ ] else [ "the swap space" ]);
}
