take
[ -e "$kept/$id" ] || fail "nothing of this promotion is being tried there"
whole && [ "$(current)" = "$new" ] || fail "the new closure does not run there"
echo confirmed >"$kept/$id.confirmed"
