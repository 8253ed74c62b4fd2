take
# Somebody else brought it what runs: that is not ours to take back.
if whole && [ "$(current)" != "$old" ] && [ "$(current)" != "$new" ]; then
    fail "$(current) runs there, which is neither what was to be replaced nor what was to replace it"
fi
mkdir -p "$here"
# Against the timer, whoever makes this link first has decided; what was confirmed is taken back here.
ln -s rolled-back "$here/verdict" 2>/dev/null || [ "$(verdict)" != confirmed ] || ln -sfn rolled-back "$here/verdict"
systemctl stop "$unit.timer" 2>/dev/null || :
# The timer may have gone off just before.
quiet
why=
forgets_once || why="what is booted once is not forgotten: $(tail -n 1 "$run/boot.log")"
if [ -e "$kept/setting" ] || [ "$(readlink -f "$profile")" != "$old" ]; then
    sets "$old" || why="the boot loader was not set: $(tail -n 1 "$run/boot.log")"
fi
if ! whole || [ "$(current)" != "$old" ]; then
    [ -x "$old/bin/switch-to-configuration" ] || fail "the old closure is not there any more"
    write_ways_back
    rm -f "$here/undone"
    in_unit back undone
    [ "$(cat "$here/undone" 2>/dev/null)" = 0 ] && [ "$(current)" = "$old" ] ||
        why="the old closure was not activated: $(tail -n 1 "$here/back.log")"
fi
[ -z "$why" ] || fail "$why"
rm -f "$once"
