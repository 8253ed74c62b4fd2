#!/usr/bin/env bash
# Makes what the fixtures' guests are built of: a kernel with its modules, busybox, and a small Debian with systemd.
#
#   make-guest-parts.sh <cache>     leaves <cache>/guest-parts/{vmlinuz,modules/<version>/,busybox,debian.squashfs}
#
# Called by steps/guests.sh under its lock, as root: the tree is unpacked with its owners. Nothing of the system is changed.
set -euo pipefail

cache=$1
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d "$cache/guests.XXXXXX")
trap 'rm -rf "$work"' EXIT

# shellcheck source=say.sh
. "$here/say.sh"
# shellcheck source=private-apt.sh
. "$here/private-apt.sh"

packages=systemd,systemd-sysv,udev,kmod,openssh-server,iproute2,nftables,wireguard-tools,qemu-guest-agent

# What guests may load, beside what these need in turn.
modules=(
    virtio_pci virtio_blk virtio_console virtio_net virtio_rng virtio_balloon virtio_scsi sd_mod
    squashfs erofs overlay loop autofs4 fuse virtiofs 9p 9pnet_virtio
    button qemu_fw_cfg vmw_vsock_virtio_transport
    wireguard tun bridge veth dummy vxlan 8021q tcp_diag udp_diag
    nf_tables nft_ct nft_limit nft_log nft_reject_inet nft_fib_inet nft_nat nft_masq nft_chain_nat nft_counter
)

# Everything from one archive. The named kernel only points at the newest version's.
fetch() {
    local kernel
    kernel=$(apt-cache --config-file "$work/apt/apt.conf" depends "linux-image-cloud-$(dpkg --print-architecture)" \
        2>>"$work/apt.log" | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
    [ -n "$kernel" ] || return 1
    (cd "$work" && private_apt download "$kernel" busybox-static) || return 1
    apt-config dump | grep '^Acquire::[hH]ttps\?::' >"$work/proxies.conf" || true
    rm -rf "$work/tree"
    SOURCE_DATE_EPOCH=1 mmdebstrap --quiet --mode=root --variant=essential --include="$packages" \
        --aptopt="$work/proxies.conf" --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/i18n/*' \
        "$own_suite" "$work/tree" "$work/apt/sources.list" >>"$work/apt.log" 2>&1
}

# The kernel's modules go into the tree, where the tree's own depmod can index them, first all, then those that are kept.
install_modules() {
    local version=$1 all=$work/tree/usr/lib/modules kept name file line
    mkdir -p "$all"
    mv "$work/kernel/lib/modules/$version" "$all/"
    chroot "$work/tree" depmod "$version"
    kept=$work/kept
    for name in "${modules[@]}"; do
        line=$(grep -E "/${name//_/[-_]}\.ko[.a-z]*:" "$all/$version/modules.dep") || continue
        tr -d : <<<"$line" | tr ' ' '\n' >>"$kept"
    done
    (cd "$all/$version" && find kernel -type f) | sort >"$work/every"
    comm -23 "$work/every" <(sort -u "$kept") | while read -r file; do rm "$all/$version/$file"; done
    find "$all" -type d -empty -delete
    chroot "$work/tree" depmod "$version"
}

# Of what systemd and udev do by themselves, what a guest needs. The rest costs an emulated processor seconds.
started='systemd-(journal|sysctl|tmpfiles-setup|udev|user-sessions).*|kmod-static-nodes.*|getty.target'
generators='systemd-(debug|getty|run)-generator'
rules='(50-udev-default|60-(block|persistent-storage|qemu-guest-agent|serial)|70-power-switch|75-net-description|80-.*|99-systemd).rules'

# No guest installs packages, reads manuals, or starts what Debian would: the configuration says what starts.
clean_tree() {
    cd "$work/tree"
    find usr/lib/systemd/system -path '*.wants/*' -regextype egrep ! -regex ".*/($started)" -delete
    find usr/lib/systemd/system-generators -type f -regextype egrep ! -regex ".*/$generators" -delete
    find usr/lib/udev/rules.d -type f -regextype egrep ! -regex ".*/$rules" -delete
    ln -sf multi-user.target usr/lib/systemd/system/default.target
    rm -rf usr/bin/perl5* usr/share/perl usr/lib/*/perl usr/lib/*/libperl.so.*
    rm -rf etc/apt etc/ssh/ssh_host_* etc/systemd/system/* etc/machine-id etc/hostname etc/.pwd.lock \
        usr/lib/apt usr/lib/udev/hwdb.* usr/lib/udev/hwdb.d usr/lib/*/gconv usr/share/{doc,man,info,locale,i18n,lintian,bug} \
        usr/share/{bash-completion,zsh,zoneinfo,common-licenses} var/cache/* var/lib/{apt,dpkg} var/log/* run/* tmp/* \
        boot dev/*
    cd "$work"
}

if ! from_some_archive "$own_suite" fetch; then
    cat "$work/apt.log" >&2
    refuse "guests: no archive of this system has their packages; what apt and mmdebstrap said stands above"
fi
mkdir "$work/kernel" "$work/busybox" "$work/parts"
dpkg --fsys-tarfile "$work"/linux-image-*.deb | tar --extract --directory "$work/kernel"
dpkg --fsys-tarfile "$work"/busybox-static_*.deb | tar --extract --directory "$work/busybox"
version=$(ls "$work/kernel/lib/modules")
install_modules "$version"
clean_tree

mv "$work/kernel/boot/vmlinuz-$version" "$work/parts/vmlinuz"
mv "$(find "$work/busybox" -name busybox -type f -perm -100)" "$work/parts/busybox"
mkdir "$work/parts/modules"
mv "$work/tree/usr/lib/modules/$version" "$work/parts/modules/"
cp -R "$work/parts/modules/$version" "$work/tree/usr/lib/modules/"
# Its compression is the one that an emulated processor takes apart fastest.
mksquashfs "$work/tree" "$work/parts/debian.squashfs" -quiet -no-progress -comp lz4 -mkfs-time 0 -all-time 0 >>"$work/apt.log"
chmod -R go+rX "$work/parts"
rm -rf "$cache/guest-parts"
mv -T "$work/parts" "$cache/guest-parts"
say "guests: Linux $version, Debian $VERSION_ID in $(du -m "$cache/guest-parts/debian.squashfs" | cut -f 1) MB"
