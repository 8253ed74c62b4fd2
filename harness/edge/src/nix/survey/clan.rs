//! What clan tells of a fleet: its inventory, and the interfaces and limits of the service modules.
//!
//! Flows in: the names of the outputs. Flows out: JSON, settings unwrapped.
//! Must not: resolve anything; the inventory is asked for before clan resolves tags.
//!
//! Source: clan-core `modules/inventoryClass/default.nix`; the limits, `lib/inventory/distributed-service/service-module.nix`.
//! For which classes of machines a role has something, clan does not tell: it is what comes out of a function of the
//! instance, the machine and its settings.

use std::{collections::BTreeMap, slice};

use model::survey::{ModuleSurvey, Modules, NixError};
use serde_json::{Map, Value};

use crate::nix::{fault::NixFault, pool::Evaluators, quote, unit::subject::output};

type Told = (Option<Value>, Option<NixError>, Option<Modules>);

const PARTS: [&str; 4] = ["machines", "instances", "meta", "tags"];
/// Where the inventory may stand, the nearest to clan's own form first.
const INVENTORIES: [&[&str]; 2] =
    [&["clanInternals", "inventoryClass", "inventorySerialization"], &["clan", "inventory"]];
const CLASS: [&str; 2] = ["clanInternals", "inventoryClass"];

fn path(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

impl Evaluators {
    /// The inventory, why it could not be had, and what the modules tell; all `None` in a flake without clan.
    pub(super) async fn clan(&self, outputs: &[String]) -> Result<Told, NixFault> {
        let mut error = None;
        for place in INVENTORIES {
            if !outputs.iter().any(|output| Some(&output.as_str()) == place.first()) {
                continue;
            }
            match self.inventory(&output(&path(place))).await? {
                Ok(inventory) => return Ok((Some(inventory), None, self.modules(outputs).await?)),
                Err(failed) => error = error.or(Some(failed)),
            }
        }
        Ok((None, error, None))
    }

    async fn inventory(&self, serialization: &str) -> Result<Result<Value, NixError>, NixFault> {
        let mut inventory = Map::new();
        for part in PARTS {
            match self.json("inventory", serialization, &quote::string(part)).await? {
                Ok(value) => drop(inventory.insert(part.to_owned(), value)),
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(Value::Object(inventory)))
    }

    /// Module by module, and each question by itself, so that what fails hides nothing else.
    async fn modules(&self, outputs: &[String]) -> Result<Option<Modules>, NixFault> {
        if !outputs.iter().any(|output| output == "clanInternals") {
            return Ok(None);
        }
        let class = output(&path(&CLASS));
        let of = |names: &[String]| format!("({class}).moduleSchemas{}", quote::select(names));
        let Some(inputs) = self.named(&of(&[])).await? else { return Ok(None) };
        let mut modules = Modules::new();
        for input in inputs {
            let Some(names) = self.named(&of(slice::from_ref(&input))).await? else {
                modules.insert(input, None);
                continue;
            };
            let mut told = BTreeMap::new();
            for name in names {
                let at = format!("[ {} {} ]", quote::string(&input), quote::string(&name));
                let schemas = self.json("schemas", &class, &at).await?.ok();
                let constraints = self.json("constraints", &class, &at).await?.ok();
                let constraints = constraints.filter(|stated| !stated.is_null());
                told.insert(name, ModuleSurvey { schemas, constraints });
            }
            modules.insert(input, Some(told));
        }
        Ok(Some(modules))
    }

    /// The names in a set; `None` where it cannot be had.
    async fn named(&self, set: &str) -> Result<Option<Vec<String>>, NixFault> {
        Ok(self.json("names", set, "null").await?.ok().and_then(|names| serde_json::from_value(names).ok()))
    }
}
