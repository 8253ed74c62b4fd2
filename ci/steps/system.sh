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
    if ! { apt_waiting update && apt_waiting install --yes --no-install-recommends --no-remove --allow-downgrades "$@"; }; then
        refuse "apt did not install $* (it may not remove anything for it): install it by hand, then run this again"
    fi
}

# apt, once whoever else is at it is done: another run of this, or the system's own upgrade. Of its locks apt itself waits for one alone.
apt_waiting() {
    local said until=$((SECONDS + 600))
    until said=$(DEBIAN_FRONTEND=noninteractive apt-get --quiet --quiet "$@" 2>&1); do
        if [[ $said != *"Could not get lock"* ]] || [ "$SECONDS" -ge "$until" ]; then
            echo "$said" >&2
            return 1
        fi
        sleep 1
    done
}
