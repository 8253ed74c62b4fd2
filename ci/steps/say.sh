# shellcheck shell=bash
# What the steps say, on standard error: one line when a step starts, one with its time when it ends.

say() { printf 'ci: %s\n' "$*" >&2; }

# Ends the run: a person has to do something that this script must not do.
refuse() {
    say "$*"
    exit 2
}

# step <label> <command...>: runs one command; its exit code is the command's.
step() {
    local label=$1 began=$SECONDS status=0
    shift
    say "$label ..."
    "$@" || status=$?
    if [ "$status" -eq 0 ]; then
        say "$label: done in $((SECONDS - began)) s"
    else
        say "$label: FAILED (exit code $status) after $((SECONDS - began)) s"
    fi
    return "$status"
}

# at_least <oldest> <version>: whether a dotted version is no older.
at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }
