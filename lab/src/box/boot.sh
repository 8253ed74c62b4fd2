# The first process of a box, in mount, uts, ipc, process and control group namespaces of its own, until it becomes systemd.
#
# $1 is the box's name, $2 how often it has been started; the folder that it stands in is the host's.
set -eu
name=$1 boot=$2
# This /proc is still the computer's, so that the number is one that the owner knows.
read -r number _ </proc/self/stat
echo "$number" >number.new
mount -t tmpfs -o mode=755,size=1m box root
mkdir root/usr root/proc root/sys root/dev root/run root/tmp root/old
mount --bind /usr root/usr
mount -o remount,bind,ro root/usr
for folder in bin sbin lib lib64; do ln -s usr/$folder root/$folder; done
for folder in etc var nix root boot; do
    mkdir root/$folder
    mount --bind disk/$folder root/$folder
done
mount -t tmpfs -o mode=755,size=32m box root/run
mkdir root/run/host root/run/sshd
mount --bind . root/run/host
mount -t tmpfs -o mode=1777,size=32m box root/tmp
# Below /tmp too, where it may lie.
while read -r folder; do
    mkdir -p "root$folder"
    mount --bind "$folder" "root$folder"
    mount -o remount,bind,ro "root$folder"
done <shown
mount -t tmpfs -o mode=755,size=1m box root/dev
while read -r node major minor; do
    mknod -m 666 "root/dev/$node" c "$major" "$minor"
done <<NODES
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
NODES
mkdir root/dev/pts root/dev/shm root/dev/net
mknod -m 666 root/dev/net/tun c 10 200
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts root/dev/pts
ln -s pts/ptmx root/dev/ptmx
ln -s /proc/self/fd root/dev/fd
for stream in 0/stdin 1/stdout 2/stderr; do ln -s "/proc/self/fd/${stream%/*}" "root/dev/${stream#*/}"; done
mount -t proc proc root/proc
# What is not in a namespace is the computer's, and not to be set: udev and systemd-sysctl would.
mount --bind root/proc/sys root/proc/sys
mount -o remount,bind,ro root/proc/sys
mount -t sysfs -o ro sysfs root/sys
mount -t cgroup2 cgroup2 root/sys/fs/cgroup
hostname "$name"
mv number.new number
cd root
pivot_root . old
cd /
umount -l old
rmdir old
# As a boot loader's entry would, a link in /boot says what is booted, and another what is booted once instead: it is gone first.
init=/usr/lib/systemd/systemd
[ ! -x boot/init ] || init=/boot/init
if [ -x boot/once ]; then
    init=$(readlink boot/once)
    rm boot/once
fi
exec env -i container=lab BOOT="$boot" PATH=/usr/sbin:/usr/bin:/sbin:/bin "$init" </dev/null >/dev/null 2>&1
