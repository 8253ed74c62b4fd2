take
if [ -e "$kept/$id" ]; then
    has_timer && whole && [ "$(current)" = "$new" ] && exit 0
    fail "this promotion was tried there before"
fi
for other in "$run"/*/; do
    other=$(basename "$other")
    if systemctl is-active -q "$units-$other.timer"; then
        held "$(cat "$run/$other/who"), whose promotion $other is being tried there"
    fi
done
[ "$(current)" = "$old" ] || fail "$(current) runs there, which is not what was to be replaced"
is_there "$new" || fail "the new closure is not there any more"
is_there "$old" || fail "the old closure is not there whole, so that there is no way back"
mkdir -p "$here" /nix/var/nix/gcroots/seaworthy
ln -sfn "$old" /nix/var/nix/gcroots/seaworthy/old
echo "$who" >"$here/who"
readlink -f /run/booted-system >"$here/booted" || :
write_ways_back
cat >"$here/activate" <<ACTIVATE
status=0
"$new/bin/switch-to-configuration" test >"$here/log" 2>&1 || status=\$?
echo "\$status" >"$here/status.new"
mv "$here/status.new" "$here/status"
ACTIVATE
forget_oldest
{ take_down && echo "$old $new" >"$kept/$id" && sync "$before" "$peers" "$kept/$id"; } || {
    rm -f "$kept/$id" "$before"* "$peers"
    fail "no mark can be left in $kept, so that nothing was begun: is the disk full"
}
# Nothing goes back after it, so that it may take as long as it likes.
systemd-run -q --collect --unit="$unit" --on-active="$window" --timer-property=AccuracySec=100ms \
    --property=TimeoutStopSec=5 /bin/sh "$here/undo" 9>&- ||
    fail "no timer that would go back can be set there"
has_timer || fail "the timer that would go back does not run"
: >"$here/begun"
in_unit activate status
[ -e "$here/status" ] || fail "the activation was stopped before it ended, after $activate s at most"
[ "$(cat "$here/status")" = 0 ] ||
    fail "switch-to-configuration ended with $(cat "$here/status"): $(tail -n 1 "$here/log")"
[ "$(current)" = "$new" ] || fail "switch-to-configuration ended well, and $(current) runs"
