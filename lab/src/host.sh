# The first process of a host, in network, mount, uts, ipc and process namespaces of its own.
#
# It tells `up <name> <number>` when all is there, or `failed <name>`; what went wrong is in the host's `log`.
set -eu
hub=$1 folder=$2 name=$3 link=$4 v4=$5 v6=$6 group=$7
cd "$folder"
exec 2>log
trap 'echo "failed $name"' EXIT
# This /proc is still the computer's, so that the numbers are those that the owner knows.
read -r number _ </proc/self/stat
echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
ip -batch - <<BATCH
link set lo up
link add eth0 type veth peer name $link netns /proc/$hub/ns/net
address add $v4/32 dev eth0
address add $v6/128 dev eth0 nodad
link set eth0 up
route add 169.254.1.1 dev eth0
route add 198.18.0.0/15 via 169.254.1.1 src $v4
route add fe80::1 dev eth0
route add 2001:db8::/32 via fe80::1 dev eth0 src $v6
BATCH
hostname "$name"
# A box goes on by itself.
[ ! -e box.sh ] || . ./box.sh
mount -t tmpfs -o mode=755 lab /run
mkdir /run/host /run/sshd /run/wireguard /run/yggdrasil
# The folder may lie below what was just covered: this is the folder that we stand in, whatever its path leads to.
mount --no-canonicalize --bind . /run/host
mount -t tmpfs -o mode=1777 lab /tmp
mount -t tmpfs -o mode=755 lab /var/log
mount --bind /run/host/home /root
for file in passwd shadow group hosts resolv.conf; do
    # What is missing here, or leads into the /run that is no more, needs no cover.
    [ ! -e /etc/$file ] || mount --bind /run/host/etc/$file /etc/$file
done
mount -t proc proc /proc
cd /root
# It comes back when it listens. The operator has none.
[ ! -e /run/host/sshd_config ] || sh /run/host/sshd.sh start
trap - EXIT
echo "up $name $number"
# Orphans of a host become our children; the system reaps them where nobody wants to know of it.
exec env --ignore-signal=CHLD sleep infinity >/dev/null
