# clan's inventory evaluates, where the flake has one.
package seaworthy.evaluation.inventory_evaluates

import rego.v1

deny contains {
	"path": ["fleet", "inventoryError"],
	"message": sprintf("the inventory does not evaluate: %s", [input.fleet.inventoryError.message]),
}
