# What a NixOS configuration gets when it is booted as a guest, and no more: a shell that can be asked, and what stands
# for the hardware that a virtual machine does not have. Everything else is the machine's own.
#
# `options` are those of the machine as it is: a module of its own cannot let what it says depend on them. `sops` is what stands
# for the secrets that sops-nix decrypts: a key, documents, and by a secret's name the place of its document among them. `tunnels` is
# what stands for WireGuard's keys: by a peer's real public key the one that its guest has; the interfaces of both kinds as the
# machine has them; and where the names lead by which machines call each other.
{ options, sops, tunnels }:
{ lib, ... }:
let
  inherit (lib) mkForce;

  # A peer's other half is secret, so that it has another key; whatever else is said of it stays.
  known = peer: peer // { publicKey = tunnels.keys.${builtins.replaceStrings [ "\n" ] [ "" ] peer.publicKey} or peer.publicKey; };
  known-to = builtins.mapAttrs (_: interface: { peers = mkForce (map known interface.peers); });

  documents = map (builtins.toFile "made-up-secrets") sops.documents;

  # sops-nix refuses a key in the store, and reads it before anything of ours could put it elsewhere: it is in the store, by
  # a path that does not say so. The file in /etc makes it a part of the system.
  keyInStore = builtins.toFile "made-up-key" sops.key;
  key = builtins.unsafeDiscardStringContext "/proc/self/root${keyInStore}";

  madeUp = {
    secrets = builtins.mapAttrs (_: place: { sopsFile = mkForce (builtins.elemAt documents place); }) sops.secrets;
    age = {
      keyFile = mkForce key;
      sshKeyPaths = mkForce [ ];
    } // (if options.sops.age ? generateKey then { generateKey = mkForce false; } else { });
    gnupg = {
      home = mkForce null;
      sshKeyPaths = mkForce [ ];
    };
  };
in
{
  config = {
    # The protocol of the NixOS test driver: a root shell on a virtio console, up as soon as there are units at all, so
    # that a boot that hangs can still be asked why.
    systemd.services.backdoor = {
      description = "Shell for whoever boots this guest";
      wantedBy = [ "sysinit.target" ];
      requires = [ "dev-hvc0.device" ];
      after = [ "dev-hvc0.device" ];
      conflicts = [ "shutdown.target" ];
      before = [ "shutdown.target" ];
      unitConfig.DefaultDependencies = false;
      script = builtins.concatStringsSep "\n" [
        "export USER=root HOME=/root"
        ". /etc/profile || true"
        "cd /"
        "exec < /dev/hvc0 > /dev/hvc0"
        "exec 2> /dev/ttyS0 || exec 2> /dev/null"
        "stty raw -echo < /dev/hvc0"
        "echo 'Spawning backdoor root shell...'"
        "PS1= PS2= exec /bin/sh"
      ];
      serviceConfig = {
        KillSignal = "SIGHUP";
        Restart = "no";
      };
    };

    # The same for a person who boots the guest by hand, who says so on the kernel's command line.
    systemd.services.console-shell = {
      description = "Shell on the console";
      wantedBy = [ "sysinit.target" ];
      conflicts = [ "shutdown.target" ];
      before = [ "shutdown.target" ];
      unitConfig = {
        DefaultDependencies = false;
        ConditionKernelCommandLine = "seaworthy.console";
      };
      script = "cd /; export HOME=/root; . /etc/profile || true; exec /bin/sh -i";
      serviceConfig = {
        Type = "idle";
        StandardInput = "tty-force";
        StandardOutput = "tty";
        StandardError = "tty";
        TTYPath = "/dev/ttyS0";
        Restart = "always";
      };
    };

    # systemd would start a login on both consoles, which takes what is meant for the shell and writes into its answers.
    systemd.services."serial-getty@hvc0".enable = false;
    systemd.services."serial-getty@ttyS0".enable = false;

    # Where the kernel writes; a guest that panics ends at once; a timer that comes late, since the computer is busy, is not broken.
    boot.kernelParams = [ "console=ttyS0" "panic=-1" "no_timer_check" ];
    boot.initrd.availableKernelModules =
      [ "virtio_pci" "virtio_blk" "virtio_console" "virtio_net" "virtio_rng" "squashfs" ];

    # The disks: a root in memory, and the store as one read-only image.
    fileSystems = mkForce {
      "/" = {
        device = "tmpfs";
        fsType = "tmpfs";
        options = [ "mode=0755" ];
      };
      "/nix/store" = {
        device = "/dev/vda";
        fsType = "squashfs";
        options = [ "ro" ];
        neededForBoot = true;
      };
    };
  }
  // (if options ? swapDevices then { swapDevices = mkForce [ ]; } else { })
  // {
    networking =
      (if tunnels.hosts != { } && options.networking or { } ? hosts then { inherit (tunnels) hosts; } else { })
      // (if tunnels.wireguard == { } then { } else { wireguard.interfaces = known-to tunnels.wireguard; })
      // (if tunnels.quick == { } then { } else { wg-quick.interfaces = known-to tunnels.quick; });
  }
  // (
    if sops.secrets == { } then { }
    else { sops = madeUp; environment.etc."seaworthy/made-up-key".text = "${keyInStore}\n"; }
  );
}
