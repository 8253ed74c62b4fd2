#!/usr/bin/env bash
# Unpacks the distribution's kernel for guests into a folder, for tests that boot one.
#
#   unpack-kernel.sh <cache>     leaves <cache>/kernel/boot/vmlinuz-<version>, and of its modules below
#                                <cache>/kernel/lib/modules/<version>/ those that drive QEMU's devices
set -euo pipefail

cache=$1
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d "$cache/unpack.XXXXXX")
trap 'rm -rf "$work"' EXIT

# shellcheck source=say.sh
. "$here/say.sh"
# shellcheck source=private-apt.sh
. "$here/private-apt.sh"

# Kernels that carry the drivers of virtual machines and little else: they unpack fastest.
case $family in
    debian) kernel=linux-image-cloud-$(dpkg --print-architecture) ;;
    ubuntu) kernel=linux-image-virtual ;;
    *) refuse "kernel: no recipe for ${ID}: name one by SEAWORTHY_KERNEL" ;;
esac

# The named package only points at the newest version's; without its dependencies this is the kernel alone.
download() {
    local package
    package=$(apt-cache --config-file "$work/apt/apt.conf" depends "$kernel" 2>>"$work/apt.log" |
        sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
    [ -n "$package" ] || return 1
    (cd "$work" && private_apt download "$package")
}

if ! from_some_archive "$own_suite" download; then
    cat "$work/apt.log" >&2
    refuse "kernel: no archive of this system has $kernel: name a kernel by SEAWORTHY_KERNEL"
fi

# A pattern that matches nothing is no error: that driver may be built in.
mkdir -p "$work/kernel/lib"
dpkg --fsys-tarfile "$work"/linux-image-*.deb | tar --extract --directory "$work/kernel" --wildcards \
    './boot/vmlinuz-*' '*virtio*.ko*' '*failover.ko*' '*pvpanic*.ko*' '*/acpi/button.ko*' '*/input/evdev.ko*' 2>>"$work/apt.log" ||
    compgen -G "$work/kernel/boot/vmlinuz-*" >/dev/null
find "$work/kernel/lib" -name '*.ko.xz' -exec xz --decompress {} +
rm -rf "$cache/kernel"
mv -T "$work/kernel" "$cache/kernel"
say "kernel: $(basename "$cache"/kernel/boot/vmlinuz-*)"
