take
[ "$(current)" = "$new" ] || fail "the new closure does not run there"
! all_in_use || exit 0
[ "$(boots)" != "$new" ] || exit 0
[ "$(verdict)" = confirmed ] || fail "nobody confirmed the new closure there"
is_there "$new" || fail "the new closure is not there any more"
is_there "$old" || fail "the old closure is not there whole, so that there is no way back"
if [ ! -e "$once" ]; then
    if ! can_boot_once; then
        echo "skipped its boot loader cannot boot a closure only once"
        exit 0
    fi
    # It outlasts the reboot: that somebody confirmed, and that there is something to forget on the way back.
    { echo "$old $new" >"$once" && sync "$once"; } || { rm -f "$once"; fail "no mark can be left in $kept"; }
fi
mkdir -p "$here"
sets_once || fail "it was not set to be booted once: $(tail -n 1 "$run/boot.log")"
# It is gone with this boot.
: >"$here/going-down"
# The answer is on its way before the machine goes down. Until it is down nobody finds it at rest.
systemd-run -q --collect --unit="$unit-reboot" --property=TimeoutStopSec=5 \
    --setenv=PATH="$PATH" /bin/sh -c \
    "sleep 1; systemctl reboot >'$here/reboot.log' 2>&1 && sleep $activate" 9>&- ||
    fail "nothing there makes it reboot"
echo "goes down"
