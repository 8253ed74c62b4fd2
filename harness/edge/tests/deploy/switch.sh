#!/bin/sh
# As NixOS' own: boot | test | switch | dry-activate.
set -eu
out=@out@
PATH=/usr/sbin:/usr/bin:/sbin:/bin
do_boot() {
    . "$out/boot-trouble"
    ln -sfn "$out/init" /boot/init
}
do_test() {
    mkdir -p /run/nixos
    exec 8>>/run/nixos/switch-to-configuration.lock
    flock -n 8 || { echo "could not acquire lock" >&2; exit 1; }
    # In NixOS too, units change only after the link has.
    ln -sfn "$out" /run/current-system
    finally() { :; }
    . "$out/trouble"
    "$out/init" units
    systemctl daemon-reload
    systemctl restart version.socket
    ip link set eth0 up
    ip route replace 169.254.1.1 dev eth0
    ip route replace 198.18.0.0/15 via 169.254.1.1
    systemctl start sshd
    finally
}
# For tests that count.
echo "$1 $out" >>/root/switched || :
case $1 in
    dry-activate) echo "would activate the configuration..." >&2 ;;
    boot) do_boot ;;
    # As nix-darwin's `activate`, which is run for itself.
    test | activate) do_test ;;
    switch)
        do_boot
        do_test
        ;;
    *) exit 2 ;;
esac
