take
# Somebody else brought it what runs: that is not ours to take back.
if whole && [ "$(current)" != "$old" ] && [ "$(current)" != "$new" ]; then
    fail "$(current) runs there, which is neither what was to be replaced nor what was to replace it"
fi
# Against the timer, whoever makes this link first has decided; what was confirmed is taken back here.
ln -s rolled-back "$kept/$id.verdict" 2>/dev/null || [ "$(verdict)" != confirmed ] || ln -sfn rolled-back "$kept/$id.verdict"
stops_timer
# The timer may have gone off just before.
quiet
why=
if [ -e "$kept/setting" ] || [ "$(boots)" != "$old" ]; then
    sets "$old" || why="the profile was not set: $(tail -n 1 "$kept/profile.log")"
fi
if ! whole || [ "$(current)" != "$old" ]; then
    [ -x "$old/activate" ] || fail "the old closure is not there any more"
    activates "$old" || why="the old closure was not activated: $(tail -n 1 "$kept/$id.log")"
fi
[ -z "$why" ] || fail "$why"
