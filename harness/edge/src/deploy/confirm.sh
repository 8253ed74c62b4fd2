take
if [ "$(verdict)" != confirmed ]; then
    [ -e "$here/begun" ] || fail "nothing of this promotion is being tried there: the machine was started anew"
    [ "$(verdict)" != rolled-back ] || fail "it was rolled back there"
    has_timer || fail "the timer has gone off"
    whole && [ "$(current)" = "$new" ] || fail "the new closure does not run there"
    # Whoever makes this link first, we or the timer, has decided.
    ln -s confirmed "$here/verdict" 2>/dev/null || fail "the timer has gone off"
fi
# One that goes off now does nothing any more.
systemctl stop "$unit.timer" 2>/dev/null || ! has_timer || fail "the timer cannot be stopped"
