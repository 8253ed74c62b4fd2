# Names such as /dev/sdb are given in the order in which disks are found: after a disk is added, or on another kernel, they
# are those of another disk, and the machine does not boot or a disk is wiped that was not meant. Virtual machines with one
# disk live with it; so this only warns.
package seaworthy.host.disk_by_id

import rego.v1

deny contains {
	"subject": name,
	"path": ["machines", name, "facts", "fileSystems", mount, "device"],
	"message": sprintf("`%s` mounts `%s` by a name that may be another disk's after a reboot", [name, mount]),
	"expected": "a name below /dev/disk/by-id, or a UUID or label",
	"actual": system.device,
} if {
	some name, machine in input.machines
	# Few machines have such a name at all; only there each mount is looked at.
	regex.match(`"/dev/(sd|hd|vd|xvd|nvme|mmcblk)`, json.marshal(machine.facts.fileSystems))
	some mount, system in machine.facts.fileSystems
	is_string(system.device)
	regex.match(`^/dev/((sd|hd|vd|xvd)[a-z]+|(nvme[0-9]+n|mmcblk)[0-9]+(p[0-9]+)?)[0-9]*$`, system.device)
}
