# What is passed by specialArgs has no type, no place and no second definition. In the dendritic pattern every module sees
# `inputs` and `config` anyway.
package seaworthy.source.special_args

import rego.v1

deny contains {
	"path": ["source", "files", i, "nix", "specialArgs", k],
	"message": sprintf("`%s` is passed by specialArgs", [passed.name]),
	"expected": "`inputs` and `self` only",
	"help": "define an option for it, or let the module close over it",
} if {
	input.source.dendritic
	some i, file in input.source.files
	some k, passed in file.nix.specialArgs
	not passed.name in {"inputs", "self"}
}
