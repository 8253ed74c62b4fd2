take "$patience"
running=-
whole && running=$(current)
echo "running $running"
echo "profile $(boots)"
if is_there "$new"; then echo "copied yes"; else echo "copied no"; fi
# There is none here: what runs unconfirmed is taken back by whoever promotes.
echo "timer no"
if [ -e "$kept/$id" ]; then echo "tried yes"; else echo "tried no"; fi
