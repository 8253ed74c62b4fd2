# Two mount points on one device: whichever is made second wipes the first, and one of them shows the other's files. File
# systems with subvolumes are mounted many times over, and those that are no disk's may share a name.
package seaworthy.host.disks_distinct

import rego.v1

shared := {"9p", "autofs", "bcachefs", "btrfs", "cifs", "nfs", "nfs4", "none", "overlay", "ramfs", "tmpfs", "virtiofs"}

mounts[name][device] contains mount if {
	some name, machine in input.machines
	is_object(machine.facts.fileSystems)
	# Most machines have as many devices as mounts; then nothing needs to be looked at.
	count({system.device | some system in machine.facts.fileSystems}) < count(machine.facts.fileSystems)
	some mount, system in machine.facts.fileSystems
	is_string(system.device)
	is_string(system.fsType)
	# The same directory mounted in two places is told as a path that is no device.
	regex.match(`^(/dev/|UUID=|LABEL=|PARTUUID=|PARTLABEL=|[^/])`, system.device)
	not system.fsType in shared
	not startswith(system.fsType, "fuse")
	device := system.device
}

deny contains {
	"subject": name,
	"path": ["machines", name, "facts", "fileSystems", max(points), "device"],
	"message": sprintf("`%s` mounts the same device at `%s`", [name, concat("`, `", sort(points))]),
	"expected": "a device for each",
	"actual": device,
} if {
	some name, devices in mounts
	some device, points in devices
	count(points) > 1
}
