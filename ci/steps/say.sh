# shellcheck shell=bash
# What the steps say, on standard error: one line when a step starts, one with its time when it ends.

say() { printf 'ci: %s\n' "$*" >&2; }

# Ends the run: the user has to do something that this script must not do.
refuse() {
    say "$*"
    exit 2
}
