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
# shellcheck disable=SC1091
. /etc/os-release

# Suites to try, newest first, and the key that signs them.
case " $ID ${ID_LIKE:-} " in
    *" ubuntu "*) suites=(devel) keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg ;;
    *" debian "*) suites=(sid trixie) keyring=/usr/share/keyrings/debian-archive-keyring.gpg ;;
    *) refuse "nix: no recipe for $ID: install nix (https://nixos.org/download), then run this again" ;;
esac

# The archives that the system's own sources name for its own release, one a line.
mirrors() {
    # shellcheck disable=SC2016 # the placeholders are apt's
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v own="${UBUNTU_CODENAME:-${VERSION_CODENAME:-sid}}" \
            '$3 == "main" && ($2 == own || $2 ~ /^(stable|testing|sid|unstable|oldstable)$/) && !seen[$1]++ { print $1 }'
}

# Writes the private apt's configuration: its lists, cache and status are here, proxies and the like are the system's.
configure_apt() {
    local uri=$1 suite=$2 signed=
    [ ! -e "$keyring" ] || signed="[signed-by=$keyring]"
    rm -rf "$work/apt"
    mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
    : >"$work/apt/status"
    printf 'deb %s %s %s main\n' "$signed" "$uri" "$suite" >"$work/apt/sources.list"
    cat >"$work/apt/apt.conf" <<CONF
#clear APT::Update;
#clear DPkg::Post-Invoke;
Dir::Etc::sourcelist "$work/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$work/apt";
Dir::State::status "$work/apt/status";
Dir::Cache "$work/apt/cache";
Dir::Log "$work/apt";
APT::Sandbox::User "";
APT::Get::List-Cleanup "false";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Debug::NoLocking "true";
CONF
}

private_apt() { apt-get --quiet --config-file "$work/apt/apt.conf" "$@" >>"$work/apt.log" 2>&1; }

# Downloads nix-bin, patchelf and all that they need, libc included, from the first archive that has and signs them.
download() {
    local uri suite
    for suite in "${suites[@]}"; do
        while read -r uri; do
            configure_apt "$uri" "$suite"
            if private_apt update -o APT::Update::Error-Mode=any &&
                private_apt install --yes --no-install-recommends --download-only nix-bin patchelf; then
                say "nix: the package of $suite"
                return
            fi
        done < <(mirrors)
    done
    cat "$work/apt.log" >&2
    refuse "nix: no archive of this system has it: install nix (https://nixos.org/download), then run this again"
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
