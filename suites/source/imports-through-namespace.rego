# import-tree imports every file by itself. What a machine needs of another file, it takes from `config.flake.modules.<class>`.
package seaworthy.source.imports_through_namespace

import rego.v1

modules contains i if {
	input.source.dendritic
	some i, file in input.source.files
	startswith(file.path, "modules/")
	# import-tree leaves these alone.
	not contains(file.path, "/_")
}

deny contains {
	"path": ["source", "files", i, "nix", "imports", k],
	"message": sprintf("`%s` imports `%s` by its path", [file.path, imported.path]),
	"help": "import config.flake.modules.<class>.<name>, or put an underscore before a file that is no module of its own",
} if {
	some i in modules
	file := input.source.files[i]
	some k, imported in file.nix.imports
	startswith(imported.path, ".")
	not contains(imported.path, "/_")
}
