# What is committed once stays in every copy of the repository: a key that stood there in clear has to be replaced.
package seaworthy.source.private_key_in_clear

import rego.v1

deny contains {
	"path": ["source", "files", i, "clear", k],
	"message": sprintf("`%s` holds something secret in clear: %s", [file.path, found.kind]),
	"help": "replace it wherever it is trusted: what was committed once is in every copy of the repository",
} if {
	some i, file in input.source.files
	some k, found in file.clear
}
