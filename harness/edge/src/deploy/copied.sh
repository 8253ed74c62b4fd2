take
is_there "$new" || fail "it is not there whole"
