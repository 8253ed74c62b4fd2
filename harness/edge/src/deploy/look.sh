take "$patience"
stays_up || fail "the machine goes down"
running=-
whole && running=$(current)
echo "running $running"
echo "profile $(boots)"
if is_there "$new"; then echo "copied yes"; else echo "copied no"; fi
if has_timer; then echo "timer yes"; else echo "timer no"; fi
if [ -e "$kept/$id" ]; then echo "tried yes"; else echo "tried no"; fi
