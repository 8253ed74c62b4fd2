# shellcheck shell=bash
# Makes what the NixOS hosts of the fixtures boot with, and shows it to nix's builds. Without it they evaluate all the same.

# Set by ci/run.
: "${here:?}" "${cache:?}"

# Exports NIX_CONFIG, by which builds see the parts as /guest-parts. Fails, and says why, where they cannot be made.
need_guests() {
    [ -e "$cache/guest-parts/vmlinuz-9p" ] || make_guest_parts || return 1
    export NIX_CONFIG="${NIX_CONFIG:+$NIX_CONFIG$'\n'}extra-sandbox-paths = /guest-parts=$cache/guest-parts? /guest-sops=$cache/sops?"
    need_sops || say "guests: no sops: the hosts with secrets of sops-nix cannot be built, and no file of ours is read by it"
}

# Exports SEAWORTHY_SOPS: the real sops, which decrypts in the fixtures' guests, and reads in tests what is made up there.
need_sops() {
    (
        flock 9
        [ -x "$cache/sops" ] || bash "$here/steps/fetch-sops.sh" "$cache"
    ) 9>"$cache/sops.lock" >&2 || return 1
    export SEAWORTHY_SOPS=$cache/sops
}

make_guest_parts() {
    local reason=
    # shellcheck disable=SC1091
    if ! (. /etc/os-release 2>/dev/null && [ "$ID" = debian ]); then
        reason="they are made of Debian's packages, and this is no Debian"
    elif [ "$(id -u)" -ne 0 ]; then
        reason="only root can unpack a Debian tree, and this is $(id -un)"
    fi
    if [ -n "$reason" ]; then
        say "guests: none made: $reason; run \`ci/run guests\` as root on Debian"
        return 1
    fi
    need_command mksquashfs squashfs-tools
    need_command mmdebstrap mmdebstrap
    mkdir -p "$cache"
    (
        flock 9
        [ -d "$cache/guest-parts" ] || step "make the parts of guests" bash "$here/steps/make-guest-parts.sh" "$cache"
        [ -e "$cache/guest-parts/vmlinuz-9p" ] || step "add a kernel for 9p" bash "$here/steps/make-9p-kernel.sh" "$cache"
    ) 9>"$cache/guests.lock" >&2
}
