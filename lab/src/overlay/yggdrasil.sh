# Yggdrasil on a host: `start` comes back at once, `stop` when it is gone; it reads its configuration only when it starts.
set -eu
case $1 in
    start)
        GOMAXPROCS=1 setsid yggdrasil -useconffile /run/host/overlay.conf >>/run/host/overlay.log 2>&1 </dev/null &
        echo $! >/run/overlay.pid
        ;;
    change) sh "$0" stop && sh "$0" start ;;
    stop)
        number=$(cat /run/overlay.pid)
        kill "$number"
        tail --pid="$number" -s 0.02 -f /dev/null
        ;;
esac
