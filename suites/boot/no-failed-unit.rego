# No unit is in the state `failed` once the guest is up.
package seaworthy.boot.no_failed_unit

import rego.v1

deny contains {
	"subject": name,
	"path": ["guest", "units", unit],
	"message": sprintf("%s failed: %s", [unit, told.result]),
	"actual": concat("\n", object.get(told, "log", [])),
} if {
	some name, _ in input.machines
	some unit, told in input.guest.units
	told.active == "failed"
}
