# import-tree imports every file as a flake-parts module. One that is a module of NixOS is then an error about an option that
# does not exist, or is taken for something else.
package seaworthy.source.module_is_flake_parts

import rego.v1

modules contains i if {
	input.source.dendritic
	some i, file in input.source.files
	startswith(file.path, "modules/")
	# import-tree leaves these alone.
	not contains(file.path, "/_")
}

deny contains {
	"path": ["source", "files", i],
	"message": sprintf("`%s` is no flake-parts module: %s", [file.path, why]),
	"help": "wrap it: flake.modules.<class>.<name> = { .. };",
} if {
	some i in modules
	file := input.source.files[i]
	why := wrong(file.nix)
}

# Options of NixOS, nix-darwin and home-manager that no flake-parts module has.
of_a_machine := {
	"boot", "environment", "fileSystems", "hardware", "home", "homebrew", "launchd", "networking", "programs", "security",
	"services", "swapDevices", "systemd", "virtualisation",
}

wrong(nix) := "it is neither a set nor a function" if {
	nix.shape == "other"
} else := sprintf("it sets `%s`, which is an option of a machine", [min(set)]) if {
	set := of_a_machine & {key | some key in nix.keys}
	count(set) > 0
} else := sprintf("it takes `%s`, which only a machine's modules get", [min(taken)]) if {
	taken := {"modulesPath", "osConfig", "pkgs"} & {argument | some argument in nix.arguments}
	count(taken) > 0
}
