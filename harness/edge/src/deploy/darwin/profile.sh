take
[ "$(current)" = "$new" ] || fail "the new closure does not run there"
[ "$(boots)" != "$new" ] || exit 0
[ "$(verdict)" = confirmed ] || fail "nobody confirmed the new closure there"
is_there "$new" || fail "the new closure is not there any more"
sets "$new" || fail "the profile was not set: $(tail -n 1 "$kept/profile.log")"
