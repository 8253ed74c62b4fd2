# shellcheck shell=bash
# Makes sure of what boots virtual machines: QEMU, a kernel that everybody may read, and what guests are made of.

# Set by ci/run.
: "${here:?}" "${cache:?}"

need_machines() {
    need_qemu
    need_kernel
    # Guests of tests are made of these.
    need_command busybox busybox-static
    need_command qemu-ga qemu-guest-agent
}

need_qemu() {
    local architecture package packages version
    architecture=$(uname -m)
    case $architecture in
        x86_64) package=qemu-system-x86 ;;
        aarch64 | arm64) architecture=aarch64 package=qemu-system-arm ;;
        *) package=qemu-system-$architecture ;;
    esac
    packages=("$package")
    # QEMU's disk tools, where they are there, have to be of its own version: newer ones are changed for those that fit, as
    # apt would take them away.
    if ! command -v "qemu-system-$architecture" >/dev/null && command -v qemu-img >/dev/null && command -v apt-cache >/dev/null &&
        [ "$(id -u)" -eq 0 ]; then
        apt_waiting update || true
        version=$(apt-cache policy "$package" | sed -n 's/^ *Candidate: //p')
        [ -z "$version" ] || packages=("$package=$version" "qemu-utils=$version")
    fi
    need_command "qemu-system-$architecture" "${packages[@]}"
}

need_kernel() {
    if [ -z "${SEAWORTHY_KERNEL:-}" ] && [ ! -d "$cache/kernel/lib" ]; then
        command -v apt-get >/dev/null || refuse "no kernel for guests here: name one by SEAWORTHY_KERNEL"
        mkdir -p "$cache"
        (
            flock 9
            [ -d "$cache/kernel/lib" ] || step "unpack a kernel for guests" bash "$here/steps/unpack-kernel.sh" "$cache"
        ) 9>"$cache/kernel.lock" >&2
    fi
}
