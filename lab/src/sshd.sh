# A host's sshd: `start` comes back when it listens, `stop` when it is gone.
set -eu
case $1 in
    start)
        rm -f /run/sshd.pid
        "$(cat /run/host/sshd)" -f /run/host/sshd_config -E /run/host/sshd.log
        # It goes to the background first and listens then; last of all it writes its number.
        tries=0
        until [ -s /run/sshd.pid ]; do
            tries=$((tries + 1))
            [ "$tries" -lt 2000 ]
            sleep 0.005
        done
        ;;
    stop)
        number=$(cat /run/sshd.pid)
        kill "$number"
        tail --pid="$number" -s 0.02 -f /dev/null
        ;;
esac
