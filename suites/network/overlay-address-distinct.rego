# Two members of a network with one address: packets go to whichever was heard last. It happens when an identity is copied
# with a disk image, and in WireGuard by chance, as subnets are 16 bits of a hash of the controller's name.
package seaworthy.network.overlay_address_distinct

import rego.v1

# The value itself, or of an IPv6 address its shortest form.
folded(text) := address if {
	cidr := sprintf("%s/128", [text])
	net.cidr_is_valid(cidr)
	some address in net.cidr_expand(cidr)
} else := lower(text)

# What must be another for each machine, by what it is an address of.
what(var) := "ZeroTier address" if {
	var.file == "zerotier-ip"
} else := sprintf("%s of `%s`", [var.file, trim_prefix(var.generator, "wireguard-network-")]) if {
	startswith(var.generator, "wireguard-network-")
	var.file in {"prefix", "suffix"}
}

holders[kind][address] contains [var.machine, index] if {
	some index, var in input.vars.vars
	text := var.text
	kind := what(var)
	address := folded(text)
}

deny contains {
	"path": ["vars", "vars", last[1], "text"],
	"message": sprintf("the %s is the same for `%s`", [kind, concat("`, `", [holder[0] | some holder in holding])]),
	"expected": "another for each machine",
	"actual": address,
	"help": "make the later one's identity anew, or rename the machine where the address is made of its name",
} if {
	some kind, addresses in holders
	some address, holding in addresses
	count(holding) > 1
	last := max(holding)
}

# Addresses that ZeroTier's controllers let in: those of members that are not in the fleet.
listed[name][address] contains array.concat(path, ["allowedIps", index]) if {
	some name, used in input.resolved.instances
	used.module == "zerotier"
	some [path, settings] in written(name, input.inventory.instances[name].roles.controller)
	is_array(settings.allowedIps)
	some index, text in settings.allowedIps
	is_string(text)
	address := folded(text)
}

# The settings of a network's controllers as they are written, each with its path.
written(name, role) := array.concat(
	[[array.concat(at, ["settings"]), object.get(role, "settings", {})]],
	[[array.concat(at, [section, member, "settings"]), definition.settings] |
		some section in ["machines", "tags"]
		some member, definition in role[section]
	],
) if {
	at := ["inventory", "instances", name, "roles", "controller"]
}

deny contains {
	"path": max(paths),
	"message": sprintf("the ZeroTier network `%s` lets in `%s` %d times", [name, address, count(paths)]),
	"expected": "an address for each member",
	"actual": address,
} if {
	some name, addresses in listed
	some address, paths in addresses
	count(paths) > 1
}
