# The guest's clock is within a minute of that of the computer which booted it.
package seaworthy.boot.clock_sane

import rego.v1

most := 60

deny contains {
	"subject": name,
	"path": ["guest", "clock"],
	"message": sprintf("its clock is off by %v s", [input.guest.clock.drift]),
	"expected": sprintf("at most %d s", [most]),
} if {
	some name, _ in input.machines
	abs(input.guest.clock.drift) > most
}
