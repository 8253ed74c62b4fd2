# Whether a machine that was told to reboot is back. Only its own words `came` and `stays` say how.
take
if [ -e "$here/going-down" ]; then
    stays_up || fail "it goes down"
    echo "stays $(tail -n 1 "$here/reboot.log" 2>/dev/null || :)"
elif [ "$(current)" != "$new" ]; then
    echo "came with $(current)"
elif ! all_in_use; then
    echo "came with what was booted before"
else
    echo "came new"
fi
