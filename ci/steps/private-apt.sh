# shellcheck shell=bash
# An apt of our own: with the system's mirrors, proxies and keys, but with lists, cache and status in a folder of ours,
# so that it can read a suite that the system does not use, needs no root, and changes nothing of the system.

# Set by the script that reads this: the folder to work in.
: "${work:?}"

# shellcheck disable=SC1091
. /etc/os-release

own_suite=${UBUNTU_CODENAME:-${VERSION_CODENAME:-sid}}
# shellcheck disable=SC2034 # read by those that read this
case " $ID ${ID_LIKE:-} " in
    *" ubuntu "*) family=ubuntu keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg ;;
    *" debian "*) family=debian keyring=/usr/share/keyrings/debian-archive-keyring.gpg ;;
    *) family=other keyring= ;;
esac

# The archives that the system's own sources name for its own release, one a line.
mirrors() {
    # shellcheck disable=SC2016 # the placeholders are apt's
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v own="$own_suite" \
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

# from_some_archive <suite> <command...>: runs the command with the lists of the first archive that has the suite, has
# it signed, and lets the command succeed.
from_some_archive() {
    local suite=$1 uri
    shift
    while read -r uri; do
        configure_apt "$uri" "$suite"
        if private_apt update -o APT::Update::Error-Mode=any && "$@"; then return; fi
    done < <(mirrors)
    return 1
}

