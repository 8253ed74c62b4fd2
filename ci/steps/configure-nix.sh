#!/usr/bin/env bash
# Writes the private nix's nix.conf from what this machine allows, found by trying.
#
#   configure-nix.sh <tree>     leaves <tree>/etc/nix.conf
set -euo pipefail

tree=$1
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
conf=$tree/etc/nix.conf
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT

# shellcheck source=say.sh
. "$here/say.sh"

# The nix under trial, away from the user's own configuration.
try() {
    env -u NIX_CONFIG -u NIX_PATH -u NIX_REMOTE -u NIX_STORE_DIR NIX_CONF_DIR="$tree/etc" NIX_USER_CONF_FILES=/dev/null \
        XDG_CACHE_HOME="$home/cache" XDG_STATE_HOME="$home/state" timeout 60 "$tree/usr/bin/nix" "$@" </dev/null 2>>"$home/log"
}

# A derivation that nobody has built yet, so that the build is real.
builds() {
    try build --no-link --offline "$@" --impure --expr "derivation {
        name = \"probe-$$-$RANDOM\"; system = builtins.currentSystem; builder = \"/bin/sh\"; args = [ \"-c\" \"echo built > \$out\" ];
    }"
}

substituters_answer() {
    local url
    url=$(try config show substituters) &&
        try store info --option download-attempts 1 --option connect-timeout 5 --store "${url%% *}" >/dev/null
}

{
    echo "# Written for this machine by ci/run; remove the folder to have it written anew."
    echo "experimental-features = nix-command flakes"
    echo "warn-dirty = false"
    echo "sandbox-paths = /bin/sh=$tree/usr/bin/bash-static /guest-parts=${tree%/*}/guest-parts?"
    if [ "$(id -u)" -eq 0 ]; then echo "build-users-group ="; fi
} >"$conf"

# Someone else's store without a daemon cannot be written: use one of our own.
if [ "$(id -u)" -ne 0 ] && [ -e /nix/var/nix ] && [ ! -w /nix/var/nix ] && [ ! -S /nix/var/nix/daemon-socket/socket ]; then
    echo "store = ${XDG_DATA_HOME:-$HOME/.local/share}/nix/root" >>"$conf"
fi

if builds --option sandbox true --option sandbox-fallback false; then
    echo "sandbox = true" >>"$conf"
elif builds --option sandbox false; then
    echo "sandbox = false" >>"$conf"
    say "nix: this machine allows no sandbox; builds run without"
else
    cat "$home/log" >&2
    say "nix: evaluates, but cannot build on this machine"
fi

if ! substituters_answer; then
    echo "substitute = false" >>"$conf"
    say "nix: no binary cache answers; nothing is substituted"
fi
