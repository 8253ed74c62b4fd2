# WireGuard on a host: `start` comes back when the interface is up, `stop` when it is gone; `change` disturbs no peer that
# stays.
set -eu
case $1 in
    start)
        ip link add overlay type wireguard 2>/dev/null ||
            GOMAXPROCS=1 wireguard-go overlay >/run/host/overlay.log 2>&1 </dev/null
        wg setconf overlay /run/host/overlay.conf
        ip address add "$(cat /run/host/overlay.address)/128" dev overlay nodad
        ip link set overlay mtu 1420 up
        ip -6 route add fd5e:a000::/32 dev overlay
        ;;
    change) wg syncconf overlay /run/host/overlay.conf ;;
    stop)
        number=$(pidof wireguard-go || true)
        ip link delete overlay
        [ -z "$number" ] || tail --pid="$number" -s 0.02 -f /dev/null
        ;;
esac
