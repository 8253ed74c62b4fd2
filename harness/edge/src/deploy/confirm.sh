take
if [ "$(verdict)" != confirmed ]; then
    [ -e "$here/begun" ] || fail "nothing of this promotion is being tried there: the machine was started anew"
    has_timer || fail "the timer has gone off"
    whole && [ "$(current)" = "$new" ] || fail "the new closure does not run there"
    # Whoever makes this link first, we or the timer, has decided.
    ln -s confirmed "$here/verdict" 2>/dev/null || fail "the timer has gone off"
fi
systemctl stop "$unit.timer"
