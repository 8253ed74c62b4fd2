# A machine of a flake as a guest: what is to be built, and what of the machine a guest does not have.
{ machine, guest, sops, tunnels }:
let
  inherit (builtins) attrNames concatStringsSep filter isAttrs length;
  extended = machine.extendModules { modules = [ (guest { options = machine.options or { }; inherit sops; tunnels = tunnels // interfaces; }) ]; };
  isExtensible = machine ? extendModules;
  config = machine.config;
  interfaces = {
    wireguard = config.networking.wireguard.interfaces or { };
    quick = config.networking.wg-quick.interfaces or { };
  };
  names = set: if isAttrs set then attrNames set else [ ];
  # The root and the store of a guest are its own whatever they are on the machine.
  disks = filter (point: config.fileSystems.${point}.fsType or "" != "tmpfs") (names (config.fileSystems or null));
  tell = what: list: if list == [ ] then [ ] else [ "${what} ${concatStringsSep ", " list}" ];
  say = what: is: if is then [ what ] else [ ];
  loader = config.boot.loader or { };
  # Where a machine's own files of sops are looked through without a key: that they are there, and hold what is asked for.
  manifests = filter (manifest: manifest != null) [
    (config.system.build.sops-nix-manifest or null)
    (config.system.build.sops-nix-users-manifest or null)
  ];
in
{
  # A set that somebody made by hand has a system, and no way to say more about it.
  drv = if ! isExtensible then null else builtins.unsafeDiscardStringContext extended.config.system.build.toplevel.drvPath;
  # What it offers instead: nixpkgs' own virtual machine of it.
  vm = if isExtensible || ! (config ? system.build.vm) then null else builtins.unsafeDiscardStringContext config.system.build.vm.drvPath;
  checked = if ! isExtensible || names (config.sops.secrets or null) == [ ] then [ ] else map (manifest: builtins.unsafeDiscardStringContext manifest.drvPath) manifests;
  replaced =
    tell "the disks of" disks
    ++ tell "the encrypted disks" (names (config.boot.initrd.luks.devices or null))
    ++ (if isExtensible then tell "sops' files of the secrets" (names (config.sops.secrets or null)) else [ ])
    ++ (if isExtensible then tell "the keys of WireGuard's" (names (interfaces.wireguard // interfaces.quick)) else [ ])
    ++ say "the swap space" (length (config.swapDevices or [ ]) > 0)
    ++ say "the boot loader" (loader.grub.enable or false || loader.systemd-boot.enable or false)
    ++ say "the radio" (config.networking.wireless.enable or false || config.hardware.bluetooth.enable or false)
    ++ say "the TPM" (config.security.tpm2.enable or false)
    ++ tell "the graphics cards of" (if config.services.xserver.enable or false then config.services.xserver.videoDrivers or [ ] else [ ]);
}
