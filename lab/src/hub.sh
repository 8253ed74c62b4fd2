# The first process of a lab: the hub, and the parent of all hosts. Once its owner is gone, by whatever way, its input
# ends, it goes, and the system ends everybody in its process namespace with it.
#
# $1 is where the hosts' script lies; $2 the lab's folder, with a line `name link v4 v6` for each host in `seats`; $3 the
# control group that boxes have theirs in.
set -eu
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
# A packet may come in at another cable than the one by which its sender is reached: two hosts may claim one address.
echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/default/rp_filter
ip link set lo up
# This /proc is still the computer's, so that the number is one that the owner knows.
read -r hub _ </proc/self/stat
echo "hub $hub"
while read -r name link v4 v6; do
    unshare --net --mount --uts --ipc --pid --fork sh "$1" "$hub" "$2/hosts/$name" "$name" "$link" "$v4" "$v6" "$3" </dev/null &
done <"$2/seats"
read -r _
