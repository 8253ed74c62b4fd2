# shellcheck shell=bash
# Programs that only the system itself can give: installed by root where there is apt, else asked for by name.

# need_command <command> <package...>
need_command() {
    local command=$1
    shift
    if ! command -v "$command" >/dev/null; then
        if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
            refuse "no $command here: install it (for example the packages $*), then run this again"
        fi
        step "install $*" install_packages "$@" >&2
    fi
}

# Never takes a package away from the system: where apt would have to, a person decides. A package goes to an older version
# only where that version is named.
install_packages() {
    apt-get --quiet --quiet update && DEBIAN_FRONTEND=noninteractive \
        apt-get --quiet --quiet install --yes --no-install-recommends --no-remove --allow-downgrades "$@" ||
        refuse "apt did not install $* (it may not remove anything for it): install it by hand, then run this again"
}
