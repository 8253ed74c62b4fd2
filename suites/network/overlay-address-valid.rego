# Addresses of overlay networks are copied by hand or made from names. One that is none lets the wrong member in, or keeps
# the interface from coming up.
package seaworthy.network.overlay_address_valid

import rego.v1

is_address(text) if {
	is_string(text)
	some length in ["128", "32"]
	net.cidr_is_valid(concat("/", [text, length]))
}

# Where settings list addresses: those of ZeroTier's members that are not in the fleet.
listed contains [name, array.concat(path, ["allowedIps"]), addresses] if {
	some name, used in input.resolved.instances
	used.module == "zerotier"
	some [path, settings] in written(name, input.inventory.instances[name].roles.controller)
	addresses := settings.allowedIps
	is_array(addresses)
}

# The settings of a network's controllers as they are written, each with its path.
written(name, role) := array.concat(
	[[array.concat(at, ["settings"]), object.get(role, "settings", {})]],
	[[array.concat(at, [kind, member, "settings"]), definition.settings] |
		some kind in ["machines", "tags"]
		some member, definition in role[kind]
	],
) if {
	at := ["inventory", "instances", name, "roles", "controller"]
}

deny contains {
	"path": array.concat(path, [index]),
	"message": sprintf("the ZeroTier network `%s` lets in `%v`, which is no address", [name, address]),
	"expected": "an IPv6 or IPv4 address",
} if {
	some [name, path, addresses] in listed
	some index, address in addresses
	not is_address(address)
}

# The public values that are told.
told := [[index, var] | some index, var in input.vars.vars; var.text]

# A ZeroTier address is made of the network's id and the node's, RFC 4193 and /88. See ZeroTierOne's node/InetAddress.cpp
networks contains sprintf("fd%s:%s:%s:%s:%s99:9300::/88", groups) if {
	some [_, var] in told
	var.file == "zerotier-network-id"
	id := var.text
	count(id) == 16
	groups := [substring(id, 0, 2), substring(id, 2, 4), substring(id, 6, 4), substring(id, 10, 4), substring(id, 14, 2)]
}

deny contains {
	"path": ["vars", "vars", index, "text"],
	"message": sprintf("`%s` has ZeroTier address `%s`, which is in none of the fleet's networks", [var.machine, var.text]),
	"expected": concat(" or ", networks),
	"actual": var.text,
	"help": "make it anew: the controller's identity has changed, or the address is another fleet's",
} if {
	count(networks) > 0
	some [index, var] in told
	var.file == "zerotier-ip"
	not is_in_a_network(var.text)
}

is_in_a_network(text) if {
	is_address(text)
	some network in networks
	net.cidr_contains(network, text)
}

# clan drops the trailing zeros of a controller's prefix, one name in 256, and the rest makes no address.
deny contains {
	"path": ["vars", "vars", index, "text"],
	"message": sprintf("the WireGuard %s `%s` of `%s` makes no address", [var.file, var.text, var.machine]),
	"expected": "four groups of hexadecimal digits",
	"actual": var.text,
	"help": "give the machine another name, or write the groups that are missing",
} if {
	some [index, var] in told
	startswith(var.generator, "wireguard-network-")
	var.file in {"prefix", "suffix"}
	not regex.match(`^[0-9a-f]{1,4}(:[0-9a-f]{1,4}){3}$`, var.text)
}
