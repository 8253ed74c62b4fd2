# A waiver whose last day is over is taken out, or renewed with a reason.
package seaworthy.waivers.expired

import rego.v1

deny contains {
	"path": ["waivers", index],
	"message": sprintf("the waiver of `%s` expired on %s", [waiver.rule, waiver.expires]),
	"help": "mend what it waived and take it out, or give it a new last day and say why",
} if {
	some index, waiver in input.waivers
	waiver.expired
}
