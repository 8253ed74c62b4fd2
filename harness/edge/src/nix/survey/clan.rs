//! What clan tells of a fleet: its inventory, and the interfaces of the service modules.
//!
//! Flows in: the names of the outputs. Flows out: JSON, settings unwrapped.
//! Must not: resolve anything; the inventory is asked for before clan resolves tags.
//!
//! Source: clan-core `modules/inventoryClass/default.nix`.

use model::survey::NixError;
use serde_json::{Map, Value};

use crate::nix::{answer::End, fault::NixFault, pool::Evaluators, quote, unit::subject::output};

type Told = (Option<Value>, Option<NixError>, Option<Value>);

const PARTS: [&str; 4] = ["machines", "instances", "meta", "tags"];
/// Where the inventory may stand, the nearest to clan's own form first.
const INVENTORIES: [&[&str]; 2] =
    [&["clanInternals", "inventoryClass", "inventorySerialization"], &["clan", "inventory"]];
const SCHEMAS: [&str; 3] = ["clanInternals", "inventoryClass", "moduleSchemas"];

fn path(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

impl Evaluators {
    /// The inventory, why it could not be had, and the modules' interfaces; all `None` in a flake without clan.
    pub(super) async fn clan(&self, outputs: &[String]) -> Result<Told, NixFault> {
        let mut error = None;
        for place in INVENTORIES {
            if !outputs.iter().any(|output| Some(&output.as_str()) == place.first()) {
                continue;
            }
            match self.inventory(&output(&path(place))).await? {
                Ok(inventory) => return Ok((Some(inventory), None, self.schemas(outputs).await?)),
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

    /// Module by module, so that one that has no interface does not hide the others.
    async fn schemas(&self, outputs: &[String]) -> Result<Option<Value>, NixFault> {
        if !outputs.iter().any(|output| output == "clanInternals") {
            return Ok(None);
        }
        let all = output(&path(&SCHEMAS));
        let Ok(Value::Array(inputs)) = self.json("names", &all, "null").await? else { return Ok(None) };
        let mut schemas = Map::new();
        for input in inputs.iter().filter_map(Value::as_str) {
            let of_input = format!("({all}){}", quote::select([&input.to_owned()]));
            let Ok(Value::Array(modules)) = self.json("names", &of_input, "null").await? else { continue };
            let mut told = Map::new();
            for module in modules.iter().filter_map(Value::as_str) {
                let at = format!("[ {} {} ]", quote::string(input), quote::string(module));
                if let Ok(value) = self.json("schemas", &all, &at).await? {
                    told.insert(module.to_owned(), value);
                }
            }
            schemas.insert(input.to_owned(), Value::Object(told));
        }
        Ok(Some(Value::Object(schemas)))
    }

    async fn json(
        &self,
        ask: &'static str,
        subject: &str,
        case: &str,
    ) -> Result<Result<Value, NixError>, NixFault> {
        let answer = self.ask_flake(ask, subject, case).await?;
        if let End::Done(_, json) = &answer.end
            && let Ok(value) = serde_json::from_str(json)
        {
            return Ok(Ok(value));
        }
        self.project().await?.error_of(&answer, self.limits().question).map(Err)
    }
}
