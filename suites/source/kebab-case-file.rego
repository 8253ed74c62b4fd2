# In the dendritic pattern a file's name says what it is about; one way to spell it keeps one name one file.
package seaworthy.source.kebab_case_file

import rego.v1

modules contains i if {
	input.source.dendritic
	some i, file in input.source.files
	startswith(file.path, "modules/")
	endswith(file.path, ".nix")
	# import-tree leaves these alone.
	not contains(file.path, "/_")
}

deny contains {
	"path": ["source", "files", i],
	"message": sprintf("`%s` is not named in kebab case", [path]),
	"expected": "lower-case letters and digits, with hyphens or dots between words",
} if {
	some i in modules
	path := input.source.files[i].path
	segments := split(path, "/")
	name := trim_suffix(segments[count(segments) - 1], ".nix")
	not regex.match(`^[a-z0-9]+([-.][a-z0-9]+)*$`, name)
}
