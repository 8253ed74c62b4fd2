# What launchd says of its jobs does not tell those that fail from those that ended: there are the machine's own checks alone.
said=$kept/said

within() {
    /usr/bin/perl -e 'alarm shift; exec @ARGV; exit 127' "$@"
}

failed_units() {
    :
}

restarting_units() {
    :
}

starting() {
    false
}
