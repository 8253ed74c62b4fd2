# The parent of a lab's first process, outside of its process namespace: it takes the control groups of the boxes away when
# everybody is gone, since these have names. Its input is the hub's: it ends with the owner, by whatever way that goes.
#
# $1 is the lab's folder; all after it is the hub's command.
set -u
folder=$1
shift
while read -r _ at kind _; do
    [ "$kind" != cgroup2 ] || break
done </proc/mounts
while IFS=: read -r tree _ own; do
    [ "$tree" != 0 ] || break
done </proc/self/cgroup
group=$at${own%/}/lab.$$
[ ! -e "$folder/boxes" ] || mkdir "$group" || exit 1
"$@" "$group"
status=$?
[ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} +
exit "$status"
