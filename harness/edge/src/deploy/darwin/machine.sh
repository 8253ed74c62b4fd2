# What every step on a Mac stands on. Set before: step, id, old, new, who; seconds: activate, window, patience.
#
# A Mac has no flock(1), no systemd and no timer of ours: the lock is a folder, and a process that died may leave it behind.
set -eu
umask 077
export PATH="/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:/usr/bin:/bin:/usr/sbin:/sbin:$PATH"
profile=/nix/var/nix/profiles/system
kept=/var/lib/seaworthy

# Ends the step. What follows is a sentence without a full stop.
fail() {
    echo "why $*"
    exit 1
}

# Takes the machine's lock. It is left behind only where the whole shell was killed; whoever has it is told by its process.
take() {
    mkdir -p "$kept"
    left=$((${1:-2} * 5))
    until mkdir "$kept/lock" 2>/dev/null; do
        holder=$(cat "$kept/lock/pid" 2>/dev/null) || holder=
        if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then
            rm -rf "$kept/lock"
            continue
        fi
        [ "$left" -gt 0 ] || fail "the machine is held by $(cat "$kept/lock/who" 2>/dev/null)"
        left=$((left - 1))
        sleep 0.2
    done
    trap 'rm -rf "$kept/lock"' EXIT
    trap 'exit 1' HUP INT TERM
    echo $$ >"$kept/lock/pid"
    echo "$who, who is at step $step of promotion $id" >"$kept/lock/who"
    quiet
}

# Waits for an activation that a process that is gone left at work.
quiet() {
    left=$((patience * 5))
    while kill -0 "$(cat "$kept/activating" 2>/dev/null)" 2>/dev/null; do
        [ "$left" -gt 0 ] || fail "an activation there does not end"
        left=$((left - 1))
        sleep 0.2
    done
}

# There is none here: what runs unconfirmed is taken back by whoever promotes.
has_timer() {
    false
}

current() {
    readlink /run/current-system || :
}

boots() {
    setting=$(cat "$kept/setting" 2>/dev/null) || setting=
    case $setting in
        '') echo "$(cd "$profile" 2>/dev/null && pwd -P)" ;;
        "$new") echo "$old" ;;
        "$old") echo "$new" ;;
        *) echo "$setting" ;;
    esac
}

# Whether the last activation of this promotion went through.
whole() {
    [ ! -e "$kept/$id.begun" ] || [ "$(cat "$kept/$id.begun")" = 0 ]
}

is_there() {
    nix-store --check-validity "$1" 2>/dev/null && [ -x "$1/activate" ]
}

# Runs an activation that goes on when the connection ends. nix-darwin's links the running system last of all.
activates() {
    echo begun >"$kept/$id.begun"
    nohup sh -c '
        "$1/activate" >"$2.log" 2>&1
        status=$?
        echo "$status" >"$2.begun.new" && mv "$2.begun.new" "$2.begun"
    ' sh "$1" "$kept/$id" >/dev/null 2>&1 </dev/null &
    echo $! >"$kept/activating"
    quiet
    [ "$(cat "$kept/$id.begun")" = 0 ] && [ "$(current)" = "$1" ]
}

sets() {
    echo "$1" >"$kept/setting" &&
        nix-env --profile "$profile" --set "$1" >"$kept/profile.log" 2>&1 &&
        rm "$kept/setting"
}
