# ZeroTier on a host: `start` comes back when the node answers, and is online where it can be, `stop` when it is gone. On the controller `change` has it admit
# those in overlay.conf, and nobody else.
set -eu
home=/var/lib/zerotier-one
read -r network </run/host/zerotier/network

# Bash has the one client for HTTP that is everywhere. The controller's own interface answers on its loopback alone.
tell() {
    TOKEN=$(cat "$home/authtoken.secret") bash -s "$1" "$2" <<'BASH'
exec 3<>/dev/tcp/127.0.0.1/9993
printf 'POST %s HTTP/1.0\r\nX-ZT1-Auth: %s\r\nContent-Length: %s\r\n\r\n%s' "$1" "$TOKEN" "${#2}" "$2" >&3
read -r _ status _ <&3
[ "$status" = 200 ]
BASH
}

admit() {
    # What the last word admitted, and this one does not.
    touch /run/zerotier.admitted
    grep -vxFf /run/host/overlay.conf /run/zerotier.admitted >/run/zerotier.out || true
    while read -r node; do
        tell "/controller/network/$network/member/$node" '{"authorized":false}'
    done </run/zerotier.out
    while read -r node; do
        tell "/controller/network/$network/member/$node" '{"authorized":true}'
    done </run/host/overlay.conf
    cp /run/host/overlay.conf /run/zerotier.admitted
}

case $1 in
    start)
        # It looks in one place alone, and so do those who ask it: that is covered, so that the computer's own stays as it is.
        if [ ! -e /run/zerotier ]; then
            mount -t tmpfs -o mode=755 lab /var/lib
            mkdir -p $home/networks.d
            cp /run/host/zerotier/* $home
            : >"$home/networks.d/$network.conf"
            : >/run/zerotier
        fi
        zerotier-one -U -d $home >/run/host/overlay.log 2>&1 </dev/null
        # By the clock, and not often: nodes that are asked all the time leave a busy computer none to start the others.
        end=$(($(date +%s) + 20))
        until zerotier-cli info >/dev/null 2>&1; do
            [ "$(date +%s)" -lt "$end" ]
            sleep 0.2
        done
        if [ ! -e $home/controller ]; then
            # It looks every five seconds whether it hears the root. Who is cut off from it is up all the same.
            until zerotier-cli info | grep -q ONLINE || [ "$(date +%s)" -ge "$end" ]; do
                sleep 0.2
            done
            exit 0
        fi
        tell "/controller/network/$network" '{"name":"lab","private":true,"v6AssignMode":{"rfc4193":true}}'
        admit
        ;;
    change) [ ! -e $home/controller ] || admit ;;
    stop)
        number=$(cat $home/zerotier-one.pid)
        kill "$number"
        tail --pid="$number" -s 0.02 -f /dev/null
        ;;
esac
