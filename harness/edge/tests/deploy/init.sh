#!/bin/sh
# What a box boots: its units, then systemd. With `units` it only puts the units in place.
set -eu
out=@out@
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p /run/systemd/system/multi-user.target.d
cp "$out"/units/version* /run/systemd/system
cp "$out/units/multi-user.conf" /run/systemd/system/multi-user.target.d/version.conf
[ "${1-}" != units ] || exit 0
ln -sfn "$out" /run/current-system
ln -sfn "$out" /run/booted-system
exec /usr/lib/systemd/systemd
