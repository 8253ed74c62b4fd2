take "$patience"
[ "$(current)" = "$new" ] || fail "the new closure does not run there"
until=$(($(date +%s) + settle))
while :; do
    # What failed stays so, and what starts is waited for, as is a check of what has only just started.
    worse=$(failed_units | that_is_worse)
    [ -z "$worse" ] || break
    if ! starting; then
        worse=$(failed_checks | that_is_worse)
        [ -n "$worse" ] || break
    fi
    if [ "$(date +%s)" -ge "$until" ]; then
        worse=$({ restarting_units && failed_checks; } | that_is_worse)
        break
    fi
    sleep 0.5
done
[ "$(current)" = "$new" ] || fail "the new closure does not run there any more"
if [ -z "$worse" ]; then
    [ ! -e "$peers" ] || sed -n 's/^./reached &/p' "$peers"
    exit 0
fi
printf '%s\n' "$worse" | while IFS=$tab read -r what words; do echo "worse $what: $words"; done
exit 1
