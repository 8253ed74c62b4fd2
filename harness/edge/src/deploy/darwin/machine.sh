# What every step on a Mac stands on. Set before: step, id, old, new, who, reached, asker, sudo; seconds: activate,
# window, patience, settle, each.
#
# A Mac has no flock(1) and no systemd: perl takes the lock, and the timer is a process that sleeps.
# What a reboot ends is no loss: the profile, which is set last, says what a Mac activates when it starts.
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

# Ends the step before it is begun: somebody else is at work. What follows says who.
held() {
    echo "held $*"
    exit 1
}

# Takes the machine's lock. perl has what a Mac's shell has not: the system lets go of the lock with the last process that has it, so
# that none is ever stale.
take() {
    mkdir -p "$kept"
    exec 9>>"$kept/lock"
    perl -e 'use Fcntl ":flock"; alarm shift; open(LOCK, ">>&=9") && flock(LOCK, LOCK_EX) or exit 1' "${1:-2}" ||
        held "$(cat "$kept/who" 2>/dev/null || echo somebody)"
    echo "$who, who is at step $step of promotion $id" >"$kept/who"
    quiet
}

# Waits for an activation that a process that is gone left at work.
quiet() {
    left=$((patience * 5))
    while is_alive "$kept/activating"; do
        [ "$left" -gt 0 ] || fail "an activation there does not end"
        left=$((left - 1))
        sleep 0.2
    done
}

# Whether a process of ours that was written down as "<number> <start>" is still there; numbers are given out again.
is_alive() {
    read -r number started 2>/dev/null <"$1" || return 1
    [ "$(since "$number")" = "$started" ] && [ -n "$started" ]
}

# When a process was started, its words with one blank between them.
since() {
    # shellcheck disable=SC2046
    set -- $(ps -o lstart= -p "$1" 2>/dev/null)
    echo "$*"
}

has_timer() {
    [ -z "$(verdict)" ] && is_alive "$kept/$id.timer"
}

# Nothing of ours has a Mac go down.
stays_up() {
    :
}

verdict() {
    readlink "$kept/$id.verdict" || :
}

current() {
    readlink /run/current-system || :
}

boots() {
    setting=$(cat "$kept/setting" 2>/dev/null) || setting=
    case $setting in
        '') (cd "$profile" 2>/dev/null && pwd -P) || echo ;;
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

# Starts a file of ours that goes on when the connection ends, in a process group of its own, and writes down who it is.
starts() {
    # Not every shell has job control where there is no terminal.
    nohup perl -e 'setpgrp; exec @ARGV' sh "$1" >/dev/null 2>&1 </dev/null 9>&- &
    echo "$! $(since $!)" >"$2"
}

# Writes what activates a closure: to <file>, after the lines that are given.
write_activation() {
    cat >"$1" <<ACTIVATION
export PATH="$PATH"
$3
echo begun >"$kept/$id.begun"
status=0
"$2/activate" >"$kept/$id.log" 2>&1 || status=\$?
echo "\$status" >"$kept/$id.begun.new"
mv "$kept/$id.begun.new" "$kept/$id.begun"
ACTIVATION
}

# nix-darwin's activation links the running system last of all.
activates() {
    write_activation "$kept/$id.activate" "$1" ""
    # Until it says so itself.
    echo begun >"$kept/$id.begun"
    starts "$kept/$id.activate" "$kept/activating"
    quiet
    [ "$(cat "$kept/$id.begun")" = 0 ] && [ "$(current)" = "$1" ]
}

# Starts what goes back by itself. Whoever makes the link first has decided; one that lost does nothing.
sets_timer() {
    write_activation "$kept/$id.undo" "$old" "
sleep $window
ln -s gone-off \"$kept/$id.verdict\" 2>/dev/null || exit 0
if [ \"\$(cat \"$kept/$id.begun\")\" = begun ]; then
    read -r number _ <\"$kept/activating\"
    # Gone before the other begins: what it has locked is free then.
    while kill -s KILL -- \"-\$number\" 2>/dev/null; do sleep 0.1; done
fi
cp \"$kept/$id.timer\" \"$kept/activating\""
    starts "$kept/$id.undo" "$kept/$id.timer"
    has_timer
}

# Ends the sleep of a timer that decides nothing any more.
stops_timer() {
    if is_alive "$kept/$id.timer" && [ "$(verdict)" != gone-off ]; then
        kill -s KILL -- "-$number" 2>/dev/null || :
    fi
}

sets() {
    echo "$1" >"$kept/setting" &&
        nix-env --profile "$profile" --set "$1" >"$kept/profile.log" 2>&1 &&
        rm "$kept/setting"
}
