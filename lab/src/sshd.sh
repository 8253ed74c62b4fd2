# A host's sshd: `start` comes back when it listens, `stop` when it is gone.
set -eu
case $1 in
    start) "$(cat /run/host/sshd)" -f /run/host/sshd_config -E /run/host/sshd.log ;;
    stop)
        number=$(cat /run/sshd.pid)
        kill "$number"
        tail --pid="$number" -s 0.02 -f /dev/null
        ;;
esac
