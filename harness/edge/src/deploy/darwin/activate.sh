take
if [ -e "$kept/$id" ]; then
    has_timer && whole && [ "$(current)" = "$new" ] && exit 0
    fail "this promotion was tried there before"
fi
[ "$(current)" = "$old" ] || fail "$(current) runs there, which is not what was to be replaced"
is_there "$new" || fail "the new closure is not there any more"
is_there "$old" || fail "the old closure is not there whole, so that there is no way back"
mkdir -p /nix/var/nix/gcroots/seaworthy
ln -sfn "$old" /nix/var/nix/gcroots/seaworthy/old
forget_oldest
{ take_down && echo "$old $new" >"$kept/$id"; } ||
    fail "no mark can be left in $kept, so that nothing was begun: is the disk full"
sync
sets_timer || fail "no timer that would go back can be set there"
activates "$new" || fail "the activation did not go through: $(tail -n 1 "$kept/$id.log")"
