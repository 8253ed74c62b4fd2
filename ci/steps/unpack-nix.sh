#!/usr/bin/env bash
# Unpacks the distribution's newest nix, with its own libc, into a folder. Called by steps/nix.sh under its lock.
#
#   unpack-nix.sh <cache>     leaves <cache>/nix-<version>/ and the commands in <cache>/bin/
#
# Nothing of the system is changed: apt works on private lists, with the system's mirrors, proxies and keys.
set -euo pipefail

cache=$1
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d "$cache/unpack.XXXXXX")
trap 'rm -rf "$work"' EXIT

# shellcheck source=say.sh
. "$here/say.sh"
# shellcheck source=private-apt.sh
. "$here/private-apt.sh"

elsewhere="install nix (https://nixos.org/download), then run this again"
# Newest first.
case $family in
    debian) suites=(sid trixie) ;;
    ubuntu) suites=(devel) ;;
    *) refuse "nix: no recipe for ${ID}: $elsewhere" ;;
esac

# Downloads nix-bin, patchelf and all that they need, libc included.
download() {
    local suite
    for suite in "${suites[@]}"; do
        if from_some_archive "$suite" \
            private_apt install --yes --no-install-recommends --download-only nix-bin patchelf; then
            say "nix: the package of $suite"
            return
        fi
    done
    cat "$work/apt.log" >&2
    refuse "nix: no archive of this system has it: $elsewhere"
}

# Unpacks what nix runs with: its libraries, and the static shell that a sandboxed build sees as /bin/sh.
unpack() {
    local package
    for package in "$work"/apt/cache/archives/*.deb; do
        case ${package##*/} in
            libperl* | *-perl_* | libpam*) ;;
            nix-bin_* | patchelf_* | bash-static_* | lib*) dpkg -x "$package" "$work/tree" ;;
        esac
    done
    rm -rf "$work/tree/usr/share" "$work"/tree/usr/lib/*/gconv
}

# Binds the programs to the tree's own libc, so that nix can start itself again (build hooks do).
bind() {
    local loader final=$1 libraries
    loader=$(cd "$work/tree" && find usr/lib/*-linux-gnu -name 'ld-linux*.so.*' | head -n 1)
    libraries=$(dirname "$loader")
    "$work/tree/$loader" --library-path "$work/tree/$libraries" "$work/tree/usr/bin/patchelf" \
        --set-interpreter "$final/$loader" --force-rpath --set-rpath "$final/$libraries" "$work/tree/usr/bin/nix"
}

# The wrapper sets nix's configuration folder and starts the program that it was called as.
write_wrapper() {
    local final=$1
    mkdir -p "$work/tree/bin" "$work/tree/etc"
    cat >"$work/tree/bin/nix" <<WRAPPER
#!/bin/sh
export NIX_CONF_DIR="\${NIX_CONF_DIR:-$final/etc}"
exec "$final/usr/bin/\${0##*/}" "\$@"
WRAPPER
    chmod +x "$work/tree/bin/nix"
}

download
unpack
loader=$(find "$work"/tree/usr/lib/*-linux-gnu -name 'ld-linux*.so.*' | head -n 1)
version=$("$loader" --library-path "${loader%/*}" "$work/tree/usr/bin/nix" --version)
final=$cache/nix-${version##* }
bind "$final"
write_wrapper "$final"
rm -rf "$final"
mv -T "$work/tree" "$final"
bash "$here/configure-nix.sh" "$final"
for program in "$final"/usr/bin/nix-* "$final/usr/bin/nix"; do
    # A link of another name, renamed over the old one: readers never see it missing. `nix` is last: it says "done".
    ln -s "$final/bin/nix" "$work/link"
    mv -T "$work/link" "$cache/bin/${program##*/}"
done
say "nix: ${version##* } is ready"
