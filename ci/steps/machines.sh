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
    local architecture package
    architecture=$(uname -m)
    case $architecture in
        x86_64) package=qemu-system-x86 ;;
        aarch64 | arm64) architecture=aarch64 package=qemu-system-arm ;;
        *) package=qemu-system-$architecture ;;
    esac
    local packages=("$package")
    # It has to be of the same version, if it is there.
    ! command -v qemu-img >/dev/null || packages+=(qemu-utils)
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
