said=$run/said

within() {
    timeout -k 1 "$@"
}

in_state() {
    systemctl list-units --plain --no-legend --full --state="$1"
}

failed_units() {
    in_state failed | while read -r name _; do
        words=$(journalctl -q -n 1 -o cat --no-pager _SYSTEMD_UNIT="$name" 2>/dev/null | last_words)
        printf 'unit %s\t%s\n' "$name" "${words:-it failed}"
    done
}

restarting_units() {
    again=$(in_state auto-restart) || printf 'systemd\tit does not answer\n'
    printf '%s\n' "$again" | while read -r name _; do
        [ -n "$name" ] || continue
        words=$(journalctl -q -n 1 -o cat --no-pager _SYSTEMD_UNIT="$name" 2>/dev/null | last_words)
        printf 'unit %s\tit starts again and again%s\n' "$name" "${words:+: $words}"
    done
}

# While systemd starts itself anew it answers nobody.
starting() {
    units_that_start=$(in_state activating) || return 0
    [ -n "$units_that_start" ]
}
