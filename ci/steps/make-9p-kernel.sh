#!/usr/bin/env bash
# Adds a kernel that knows 9p to what the fixtures' guests are made of: nixpkgs' virtual machines mount their store by it, and
# Debian's kernel for clouds does not.
#
#   make-9p-kernel.sh <cache>     leaves <cache>/guest-parts/{vmlinuz-9p,modules-9p/<version>/}
#
# Called by steps/guests.sh under its lock, after make-guest-parts.sh.
set -euo pipefail

cache=$1
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d "$cache/9p.XXXXXX")
trap 'rm -rf "$work"' EXIT

# shellcheck source=say.sh
. "$here/say.sh"
# shellcheck source=private-apt.sh
. "$here/private-apt.sh"

# What such a guest may load, beside what these need in turn.
modules=(virtio_pci virtio_blk virtio_console virtio-rng squashfs loop ext4 crc32c_generic 9p 9pnet_virtio)

# The named kernel only points at the newest version's.
fetch() {
    local kernel
    kernel=$(apt-cache --config-file "$work/apt/apt.conf" depends "linux-image-$(dpkg --print-architecture)" 2>>"$work/apt.log" |
        sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
    [ -n "$kernel" ] || return 1
    (cd "$work" && private_apt download "$kernel")
}

if ! from_some_archive "$own_suite" fetch; then
    cat "$work/apt.log" >&2
    refuse "guests: no archive of this system has a kernel that knows 9p; what apt said stands above"
fi
busybox=$cache/guest-parts/busybox
mkdir "$work/all" "$work/kept"
dpkg --fsys-tarfile "$work"/linux-image-*.deb | tar --extract --directory "$work/all"
version=$(ls "$work/all/lib/modules")
from=$work/all/lib/modules/$version to=$work/kept/lib/modules/$version
"$busybox" depmod -b "$work/all" "$version"
mkdir -p "$to"
for module in "${modules[@]}"; do
    grep "/$module\.ko:" "$from/modules.dep" | tr -d : | tr ' ' '\n'
done | sort -u | while read -r file; do
    mkdir -p "$to/$(dirname "$file")"
    cp "$from/$file" "$to/$file"
done
cp "$from/modules.builtin" "$from/modules.order" "$to/"
"$busybox" depmod -b "$work/kept" "$version"
chmod -R go+rX "$work/kept"
rm -rf "$cache/guest-parts/modules-9p"
mv -T "$work/kept/lib/modules" "$cache/guest-parts/modules-9p"
mv "$work/all/boot/vmlinuz-$version" "$cache/guest-parts/vmlinuz-9p"
say "guests: Linux $version, which knows 9p"
