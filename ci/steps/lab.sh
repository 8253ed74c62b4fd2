# shellcheck shell=bash
# Makes sure of what labs of namespaces are made of. They need root on Linux; elsewhere their tests are ignored by name.

need_lab() {
    if [ "$(uname -s)" != Linux ] || [ "$(id -u)" -ne 0 ]; then
        say "labs: none here, they need root on Linux; their tests are ignored"
        return
    fi
    need_command ip iproute2
    need_command nft nftables
    need_command ping iputils-ping
    need_command sshd openssh-server
    need_command ssh openssh-client
    need_command /usr/lib/systemd/systemd systemd
    need_command sudo sudo
    need_command wg wireguard-tools
    need_command wireguard-go wireguard-go
    need_command yggdrasil yggdrasil
}
