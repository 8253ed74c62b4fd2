# Without a root file system or a boot loader the machine does not come back from its next boot. Containers have neither of
# their own; their boot loader is told as `other`. An installer's image has its root in memory and brings its own loader.
package seaworthy.host.root_filesystem

import rego.v1

in_memory := {"overlay", "squashfs", "tmpfs"}

has_own_loader(loader) if loader.grub

has_own_loader(loader) if loader.systemdBoot

deny contains {
	"subject": name,
	"path": ["machines", name, "facts", "fileSystems"],
	"message": sprintf("`%s` has no root file system", [name]),
	"expected": "a file system at /",
	"actual": concat(", ", sort(object.keys(machine.facts.fileSystems))),
} if {
	some name, machine in input.machines
	machine.class == "nixos"
	is_object(machine.facts.fileSystems)
	not machine.facts.fileSystems["/"]
	not may_be_container(machine.facts)
}

may_be_container(facts) if {
	facts.bootLoader.other
	not has_own_loader(facts.bootLoader)
}

deny contains {
	"subject": name,
	"path": ["machines", name, "facts", "bootLoader"],
	"message": sprintf("`%s` has no boot loader", [name]),
	"help": "enable one below `boot.loader`",
} if {
	some name, machine in input.machines
	machine.class == "nixos"
	loader := machine.facts.bootLoader
	is_object(loader)
	not loader.other
	not has_own_loader(loader)
	not machine.facts.fileSystems["/"].fsType in in_memory
}
