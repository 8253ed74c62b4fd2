#!/usr/bin/env bash
# Proves on a real loader what boxes have a double for: a guest with UEFI and systemd-boot boots what `once.sh` sets, once.
#
#   boot-once.sh     boots a guest of one kernel and two entries four times, and compares what it says
#
# Needs QEMU, systemd and busybox as `ci/run guests` leaves it; takes the loader, its firmware, a kernel with its file systems and the
# tools that write them from the distribution's archive, into a folder that is gone afterwards. No part of a run of all tests.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/seaworthy
once=$here/../../harness/edge/src/deploy/once.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck source=say.sh
. "$here/say.sh"
# shellcheck source=private-apt.sh
. "$here/private-apt.sh"

download() {
    local kernel
    kernel=$(apt-cache --config-file "$work/apt/apt.conf" depends linux-image-cloud-amd64 2>>"$work/apt.log" |
        sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
    [ -n "$kernel" ] && (cd "$work" && private_apt download "$kernel" systemd-boot systemd-boot-efi ovmf mtools fdisk)
}
[ "$family" = debian ] || refuse "boot-once: no recipe for ${ID}"
from_some_archive "$own_suite" download || refuse "boot-once: no archive of this system has a kernel, systemd-boot, ovmf and mtools"
cd "$work"
for package in *.deb; do dpkg-deb --extract "$package" parts; done
export PATH=$work/parts/usr/bin:$work/parts/sbin:$work/parts/usr/sbin:$PATH

# The first file system: busybox, the real bootctl with what it is linked to, and the modules in the order in which they need each other.
mkdir -p tree/{bin,usr/bin,proc,sys,dev,boot,run,modules}
cp "$cache/guest-parts/busybox" tree/bin/busybox
cp parts/usr/bin/bootctl tree/usr/bin/bootctl
cp "$once" tree/once.sh
LD_LIBRARY_PATH=$(echo /usr/lib/*/systemd) ldd parts/usr/bin/bootctl | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "tree$(dirname "$library")"
    cp -L "$library" "tree$library"
done
modules="virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk nls_ascii nls_cp437 fat vfat efivarfs"
for module in $modules; do
    find parts/lib/modules -name "$module.ko" -exec cp {} tree/modules/ \;
done
cat >tree/init <<INIT
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in $modules; do insmod /modules/\$module.ko; done
mount -t efivarfs efivarfs /sys/firmware/efi/efivars
mount -t vfat /dev/vda1 /boot
run=/run old=/nix/store/old new=/nix/store/new
. /once.sh
boot=\$(cat /boot/boot)
echo "say \$boot \$(grep -o 'init=/nix[^ ]*' /proc/cmdline)"
case \$boot in
    1)
        ! can_boot_once || echo "say it can"
        bootctl set-oneshot "\$(entry_of "\$new")" || echo "say it is not set"
        ;;
    3)
        bootctl set-oneshot "\$(entry_of "\$new")" || echo "say it is not set"
        bootctl set-oneshot "" || echo "say it is not forgotten"
        ;;
esac
echo \$((boot + 1)) >/boot/boot
umount /boot
[ "\$boot" -lt 4 ] || poweroff -f
reboot -f
INIT
chmod +x tree/init
(cd tree && find . | cpio --create --format newc --quiet | gzip -1) >initrd

# The disk: one partition, which the firmware boots from, with an entry for each of two closures.
truncate --size 96M disk
printf 'label: gpt\nstart=2048, type=U\n' | sfdisk --quiet disk
export MTOOLSRC=/dev/null
part=disk@@1M
mformat -i "$part" -F -h 255 -s 63 -T 190000 ::
mmd -i "$part" ::EFI ::EFI/BOOT ::loader ::loader/entries
put() { mcopy -i "$part" "$1" "::$2"; }
put parts/usr/lib/systemd/boot/efi/systemd-bootx64.efi EFI/BOOT/BOOTX64.EFI
put "$(echo parts/boot/vmlinuz-*)" vmlinuz
put initrd initrd
printf 'timeout 0\ndefault nixos-generation-1.conf\n' >loader
put loader loader/loader.conf
number=0
for closure in old new; do
    number=$((number + 1))
    printf 'linux /vmlinuz\ninitrd /initrd\noptions init=/nix/store/%s/init console=ttyS0 quiet\n' "$closure" >entry
    put entry "loader/entries/nixos-generation-$number.conf"
done
echo 1 >boot
put boot boot

cp parts/usr/share/OVMF/OVMF_VARS_4M.fd variables
began=$SECONDS
timeout 600 qemu-system-x86_64 -machine q35 -accel tcg -cpu max -m 512 -nodefaults -display none -nic none -serial file:said \
    -drive if=pflash,format=raw,readonly=on,file=parts/usr/share/OVMF/OVMF_CODE_4M.fd -drive if=pflash,format=raw,file=variables \
    -drive if=none,id=disk,format=raw,file=disk -device virtio-blk-pci,drive=disk ||
    say "boot-once: the guest did not power off"
if ! diff <(tr -d '\r' <said | sed -n 's/^say //p') - <<'SAID'; then
1 init=/nix/store/old/init
it can
2 init=/nix/store/new/init
3 init=/nix/store/old/init
4 init=/nix/store/old/init
SAID
    say "boot-once: the guest booted otherwise"
    exit 1
fi
say "boot-once: booted four times in $((SECONDS - began)) s: what was set was booted once, and what was forgotten was not"
