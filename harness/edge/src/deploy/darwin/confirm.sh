take
[ -e "$kept/$id" ] || fail "nothing of this promotion is being tried there"
if [ "$(verdict)" != confirmed ]; then
    [ "$(verdict)" != rolled-back ] || fail "it was rolled back there"
    has_timer || fail "the timer has gone off"
    whole && [ "$(current)" = "$new" ] || fail "the new closure does not run there"
    # Whoever makes this link first, we or the timer, has decided.
    ln -s confirmed "$kept/$id.verdict" 2>/dev/null || fail "the timer has gone off"
fi
stops_timer
