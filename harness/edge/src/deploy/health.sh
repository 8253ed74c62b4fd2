# How a machine does. A thing that is wrong is a line: what it is, a tab, and its last words. Below stand, for each kind of system:
# `failed_units`; `restarting_units`, which come up again and again; `starting`; `within`; and where what a check says is kept.
checks=/etc/seaworthy/health
before=$kept/$id.before
peers=$kept/$id.reached
tab=$(printf '\t')

# The last line that says anything, without control characters, and not long.
last_words() {
    sed -n '/[^[:space:]]/h;${g;p;}' | tr -d '\000-\037\177' | cut -c 1-200
}

# The machine's own checks that do not go through.
failed_checks() {
    for check in "$checks"/*; do
        [ -e "$check" ] || [ -L "$check" ] || continue
        status=0
        within "$each" "$check" >"$said" 2>&1 </dev/null 9>&- || status=$?
        case $status in
            0) continue ;;
            124 | 137 | 142) words="it did not end within $each s" ;;
            *) words=$(last_words <"$said") ;;
        esac
        printf 'check %s\t%s\n' "$(basename "$check")" "${words:-it ended with $status}"
    done
    rm -f "$said"
}

# Takes down what is wrong before anything is changed, and who is reached. It outlasts a reboot, as the mark does.
take_down() {
    { failed_units && restarting_units && failed_checks; } >"$before.new" && mv "$before.new" "$before" &&
        printf '%s\n' "$reached" >"$peers"
}

# Of what is wrong now, what was not wrong before. Where nothing was taken down everything was well.
that_is_worse() {
    while IFS=$tab read -r what words; do
        ! cut -f 1 "$before" 2>/dev/null | grep -qxF -e "$what" || continue
        printf '%s\t%s\n' "$what" "$words"
    done
}
