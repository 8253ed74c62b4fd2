# What a box is below: its parent, in the host's network namespace. It keeps the disk, starts the box, and starts it again when
# that reboots. A box that is powered off stays off, and its network stays.
#
# Read by the host's script, in the host's folder; $name, $number and $group are there.

# Only /usr, and what the lab was told to show, is the computer's. The disk lasts as long as the lab.
mkdir disk root
mount -t tmpfs -o mode=755,size=64m disk disk
mkdir disk/etc disk/var disk/nix disk/root disk/boot
cp -R etc/. disk/etc
mkfifo up
exec 3<>up
(
    read -r _ <&3
    echo "up $name $number"
) &
boot=0
while :; do
    boot=$((boot + 1))
    mkdir "$group/$name.$boot"
    rm -f number
    status=0
    (
        # Each boot has a group that is new: in one that gives controllers to groups below it no process may stand.
        echo 0 >"$group/$name.$boot/cgroup.procs"
        exec unshare --mount --uts --ipc --pid --cgroup --fork sh boot.sh "$name" "$boot" 3>&- >/dev/null
    ) || status=$?
    # By this signal the first process of a process namespace ends when it is powered off: reboot(2).
    [ "$status" != 130 ] || break
    # What never came up, or did not get as far as systemd now, would not the next time either.
    [ -e boots ] && [ -e number ]
done
trap - EXIT
exec sleep infinity >/dev/null
