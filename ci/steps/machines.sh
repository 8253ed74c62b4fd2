# shellcheck shell=bash
# Makes sure of what boots virtual machines: QEMU, and a kernel that everybody may read.

# Set by ci/run.
: "${here:?}" "${cache:?}"

need_machines() {
    need_qemu
    need_kernel
}

need_qemu() {
    local architecture package
    architecture=$(uname -m)
    case $architecture in
        x86_64) package=qemu-system-x86 ;;
        aarch64 | arm64) architecture=aarch64 package=qemu-system-arm ;;
        *) package=qemu-system-$architecture ;;
    esac
    need_command "qemu-system-$architecture" "$package"
}

need_kernel() {
    if [ -z "${SEAWORTHY_KERNEL:-}" ] && ! compgen -G "$cache/kernel/boot/vmlinuz-*" >/dev/null; then
        command -v apt-get >/dev/null || refuse "no kernel for guests here: name one by SEAWORTHY_KERNEL"
        mkdir -p "$cache"
        (
            flock 9
            [ -d "$cache/kernel" ] || step "unpack a kernel for guests" bash "$here/steps/unpack-kernel.sh" "$cache"
        ) 9>"$cache/kernel.lock" >&2
    fi
}
