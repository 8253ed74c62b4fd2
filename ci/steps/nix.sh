# shellcheck shell=bash
# Finds a nix that is new enough. The system's own is preferred; on Debian and its kin a private copy of the
# distribution's newest package is unpacked into the cache. The system's nix, libc and apt are never touched.

# Set by ci/run.
: "${here:?}" "${cache:?}"

nix_oldest=2.18

# Exports what the product and its tests look for: SEAWORTHY_NIX, and the nix commands on PATH.
need_nix() {
    SEAWORTHY_NIX=$(nix_path)
    export SEAWORTHY_NIX
    case $SEAWORTHY_NIX in "$cache"/*) PATH=$cache/bin:$PATH ;; esac
}

# Prints the absolute path of a nix that is new enough.
nix_path() {
    local nix
    if nix=$(command -v nix) && nix_is_new_enough "$nix"; then
        printf '%s\n' "$nix"
    else
        [ -x "$cache/bin/nix" ] || nix_install
        printf '%s\n' "$cache/bin/nix"
    fi
}

# Whether `$1 --version`, as in "nix (Nix) 2.34.8", is at least the oldest version served.
nix_is_new_enough() {
    local version
    version=$("$1" --version 2>/dev/null) || return 1
    at_least "$nix_oldest" "${version##* }"
}

nix_install() {
    local tool
    for tool in apt-get dpkg flock; do
        command -v "$tool" >/dev/null ||
            refuse "no nix >= $nix_oldest here: install nix (https://nixos.org/download), then run this again"
    done
    mkdir -p "$cache/bin"
    say "nix: none >= $nix_oldest on this machine; unpacking a private one under $cache"
    # Two runs at once: the second waits, then finds the first one's copy.
    (
        flock 9
        [ -x "$cache/bin/nix" ] || bash "$here/steps/unpack-nix.sh" "$cache"
    ) 9>"$cache/nix.lock" >&2
}
