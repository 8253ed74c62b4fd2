take
[ "$(current)" = "$new" ] || fail "the new closure does not run there"
[ "$(boots)" != "$new" ] || exit 0
[ "$(verdict)" = confirmed ] || fail "nobody confirmed the new closure there"
is_there "$new" || fail "the new closure is not there any more"
forgets_once || fail "what is booted once is not forgotten there: $(tail -n 1 "$run/boot.log")"
sets "$new" || fail "the boot loader was not set: $(tail -n 1 "$run/boot.log")"
rm -f "$once"
