# What every step on a machine stands on. Set before: step, id, old, new, who, reached, asker, sudo; seconds: activate,
# window, patience, settle, each.
#
# /run/seaworthy/<id> is what this boot knows of a promotion; /var/lib/seaworthy/<id> is its mark, which outlasts a
# reboot; beside it <id>.before tells how the machine did, <id>.reached whom it reached, and <id>.once that it is booted once.
set -eu
umask 077
export PATH="/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:$PATH"
profile=/nix/var/nix/profiles/system
run=/run/seaworthy
kept=/var/lib/seaworthy
here=$run/$id
once=$kept/$id.once
units=seaworthy-promotion
unit=$units-$id

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

# Takes the machine's lock, and waits for whatever a process that is gone left at work. The system lets go of the lock with the
# last process that has it, so that none is ever stale. Only what changes nothing waits long for it: what does must not do so long
# after it was asked to, when whoever asked is gone and somebody has looked.
take() {
    mkdir -p "$run" "$kept"
    exec 9>>"$run/lock"
    flock -w "${1:-2}" 9 || held "$(cat "$run/who" || echo somebody)"
    kill -0 "$asker" 2>/dev/null || fail "whoever asked is gone"
    echo "$who, who is at step $step of promotion $id" >"$run/who"
    quiet
}

quiet() {
    left=$((patience * 5))
    while systemctl list-units --plain --no-legend --state=active,activating,deactivating "$units-*.service" |
        grep -q .; do
        [ "$left" -gt 0 ] || fail "an activation there does not end"
        left=$((left - 1))
        sleep 0.2
    done
}

current() {
    readlink -f /run/current-system || :
}

# Whether the last activation of this promotion, if there was any in this boot, went through.
whole() {
    if [ -e "$here/going-back" ]; then
        [ "$(cat "$here/undone" 2>/dev/null)" = 0 ]
    elif [ -e "$here/status" ]; then
        [ "$(cat "$here/status")" = 0 ]
    else
        [ ! -e "$here/begun" ]
    fi
}

has_timer() {
    systemctl is-active -q "$unit.timer"
}

# Only what was confirmed is booted once: what tells so is not there any more afterwards.
verdict() {
    readlink "$here/verdict" || { [ ! -e "$once" ] || echo confirmed; }
}

is_there() {
    nix-store --check-validity "$1" 2>/dev/null && [ -x "$1/bin/switch-to-configuration" ]
}

# What boots. Between a profile and its boot loader somebody may have stopped: then what was being set is not what boots for sure.
boots() {
    setting=$(cat "$kept/setting" 2>/dev/null) || setting=
    case $setting in
        '') readlink -f "$profile" || : ;;
        "$new") echo "$old" ;;
        "$old") echo "$new" ;;
        *) echo "$setting" ;;
    esac
}

# Makes a closure the profile's, and has another's own script write what boots: that is what boots by default then. Until the mark
# is taken away, nobody can tell.
puts() {
    echo "$1" >"$kept/setting" &&
        sync "$kept/setting" &&
        nix-env --profile "$profile" --set "$1" >"$run/boot.log" 2>&1 &&
        timeout "$activate" "$2/bin/switch-to-configuration" boot >>"$run/boot.log" 2>&1 9>&- &&
        sync &&
        stays_up
}

# Makes a closure what boots.
sets() {
    puts "$1" "$1" && rm "$kept/setting"
}

# An entry that nobody booted yet is booted by nobody.
forgets_once() {
    [ ! -e "$once" ] || bootctl set-oneshot "" >"$run/boot.log" 2>&1
}

# Whether the machine does not go down: what is written after a file system was taken away lands where nothing is kept.
stays_up() {
    case $(systemctl is-system-running 2>/dev/null || :) in
        initializing | starting | running | degraded | maintenance) ;;
        *)
            echo "the machine goes down" >>"$run/boot.log"
            return 1
            ;;
    esac
}

# Writes what goes back: `undo` for the timer, `back` for us. Files, because systemd 252 forgets the arguments of a timer's
# service when it is told to read its units again.
write_ways_back() {
    mkdir -p "$here"
    cat >"$here/back" <<BACK
: >"$here/going-back"
rm -f "$here/undone"
status=0
"$old/bin/switch-to-configuration" test >"$here/back.log" 2>&1 || status=\$?
echo "\$status" >"$here/undone.new"
mv "$here/undone.new" "$here/undone"
BACK
    cat >"$here/undo" <<UNDO
export PATH="$PATH"
ln -s gone-off "$here/verdict" 2>/dev/null || exit 0
systemctl kill --signal=KILL "$unit-activate.service" 2>/dev/null || :
. "$here/back"
UNDO
}

# Runs a file of ours in a unit of its own, which no lost connection ends, and waits until it has ended.
in_unit() {
    # Collected: a unit of ours that failed is none of the machine's own that fail.
    systemd-run -q --collect --unit="$unit-$1" --property=RuntimeMaxSec="$activate" --property=TimeoutStopSec=5 \
        --setenv=PATH="$PATH" /bin/sh "$here/$1" 9>&-
    # While systemd starts itself anew it answers nobody, which says nothing; gone is what is gone several times.
    gone=0 tries=$(((activate + 10) * 10))
    while [ ! -e "$here/$2" ] && [ "$gone" -lt 4 ] && [ "$tries" -gt 0 ]; do
        case $(systemctl show --property=ActiveState --value "$unit-$1.service" 2>/dev/null || :) in
            inactive | failed) gone=$((gone + 1)) ;;
            '') ;;
            *) gone=0 ;;
        esac
        tries=$((tries - 1))
        sleep 0.1
    done
}
