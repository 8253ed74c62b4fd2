# A Mac without an address is only ever switched by whoever sits at it, so it falls behind. Many fleets mean it that way;
# so this only warns.
package seaworthy.inventory.mac_deploy_target

import rego.v1

targets[name] := target if {
	some name, machine in input.inventory.machines
	target := machine.deploy.targetHost
	not target in {null, ""}
}

deny contains {
	"subject": name,
	"path": ["inventory", "machines", name, "deploy"],
	"message": sprintf("`%s` has no `deploy.targetHost`: it is only switched by hand", [name]),
	"expected": sprintf("an address such as `admin@%s.lan`", [name]),
} if {
	# Where no machine says its address, addresses are given elsewhere.
	count(targets) > 0
	some name, machine in input.inventory.machines
	machine.machineClass == "darwin"
	not targets[name]
}
