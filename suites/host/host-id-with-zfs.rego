# ZFS marks a pool with the id of the host that uses it. Without an id of its own a machine finds its pool to be another
# one's after a reinstall, and refuses it at boot.
package seaworthy.host.host_id_with_zfs

import rego.v1

uses_zfs(facts) if "zfs" in facts.supportedFilesystems

uses_zfs(facts) if {
	is_object(facts.fileSystems)
	some system in facts.fileSystems
	system.fsType == "zfs"
}

deny contains {
	"subject": name,
	"path": ["machines", name, "facts", "hostId"],
	"message": sprintf("`%s` uses ZFS and has no host id", [name]),
	"expected": "eight hexadecimal digits, another for each machine",
	"help": "set `networking.hostId`",
} if {
	some name, machine in input.machines
	machine.class == "nixos"
	uses_zfs(machine.facts)
	machine.facts.hostId in {null, ""}
	not machine.errors.hostId
}
