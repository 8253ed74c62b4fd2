# A NixOS machine without an address cannot be deployed to: it stays on its old configuration while the rest of the fleet
# moves on. An address that cannot be read fails when the deploy has already begun.
package seaworthy.inventory.deploy_target

import rego.v1

# clan's form: [user@]host[:port][?SSHOPTION=value&...], an IPv6 address in brackets.
form := `^(ssh://)?([^@\s]+@)?(\[[0-9A-Fa-f:.%]+\]|[^@:\[\]\s?/]+)(:[0-9]+)?(\?([^=&\s]+=[^&]*&?)*)?$`

targets[name] := target if {
	some name, machine in input.inventory.machines
	target := machine.deploy.targetHost
	not target in {null, ""}
}

# clan's service `internet` says how its members are reached, too.
reached contains machine if {
	some name, used in input.resolved.instances
	used.module == "internet"
	some machine in input.resolved.roles[name]["default"]
	input.resolved.machines[machine].roles[name]["default"].host != ""
}

deny contains {
	"subject": name,
	"path": ["inventory", "machines", name, "deploy"],
	"message": sprintf("machine `%s` has no `deploy.targetHost`", [name]),
	"expected": sprintf("an address such as `root@%s.example.net`", [name]),
} if {
	# Where no machine says its address, addresses are given elsewhere.
	count(targets) > 0
	some name, machine in input.inventory.machines
	machine.machineClass == "nixos"
	not targets[name]
	not name in reached
}

deny contains {
	"subject": name,
	"path": ["inventory", "machines", name, "deploy", "targetHost"],
	"message": sprintf("`deploy.targetHost` of `%s` is no address", [name]),
	"expected": "user@host:port?SSHOPTION=value, an IPv6 address in brackets",
	"actual": target,
} if {
	some name, target in targets
	not regex.match(form, target)
}
