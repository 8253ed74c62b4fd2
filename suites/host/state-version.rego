# `stateVersion` says with which release a machine's data was made. Where it is not stated, an update of nixpkgs changes it,
# and databases and services meet data of a form that they do not expect.
package seaworthy.host.state_version

import rego.v1

options := {"darwin": "system.stateVersion", "home": "home.stateVersion", "nixos": "system.stateVersion"}

deny contains {
	"subject": name,
	"path": ["machines", name, "facts", "stateVersion"],
	"message": sprintf("`%s` does not state its `stateVersion`", [name]),
	"help": sprintf("set `%s` to the release that the machine was installed with", [options[machine.class]]),
} if {
	some name, machine in input.machines
	machine.facts.stateVersion in {null, ""}
	not machine.errors.stateVersion
}
