//! What derivations come to: the store paths of whole systems, before anything is built.
//!
//! Flows in: the derivation of each machine's system, as evaluation tells it. Flows out: the path of its output.
//! Must not: build or evaluate. Of a derivation that is gone from the store nothing is told.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    time::Duration,
};

use model::{machine::MachineName, rollout::Closure};
use serde::Deserialize;

use super::{fault::NixFault, pool::Evaluators};

/// Reading derivations of a thousand machines takes a second.
const LIMIT: Duration = Duration::from_secs(60);
/// A derivation of a system takes kilobytes.
const MOST: usize = 64 << 20;

/// What `nix derivation show` prints: since 2.32 under a key and with names, before that with paths.
#[derive(Deserialize)]
#[serde(untagged)]
enum Shown {
    Named { derivations: HashMap<String, Derivation> },
    Paths(HashMap<String, Derivation>),
}

#[derive(Deserialize)]
struct Derivation {
    outputs: HashMap<String, Output>,
}

#[derive(Deserialize)]
struct Output {
    path: Option<String>,
}

impl Evaluators {
    /// The closures of those machines whose derivation is in the store.
    ///
    /// # Errors
    /// Nix cannot be run.
    pub async fn closures(
        &self,
        derivations: &BTreeMap<MachineName, String>,
    ) -> Result<BTreeMap<MachineName, Closure>, NixFault> {
        let there = |drv: &&String| Path::new(drv.as_str()).is_file();
        let mut arguments: Vec<&str> = vec!["derivation", "show"];
        arguments.extend(self.nix().features());
        let asked: Vec<_> = derivations.values().filter(there).map(String::as_str).collect();
        if asked.is_empty() {
            return Ok(BTreeMap::new());
        }
        arguments.extend(asked);
        let program = self.nix().program(self.folder(), arguments, None);
        let captured = self.nix().spawner().capture(&program, LIMIT, MOST).await;
        let outputs = read(&captured.map_err(NixFault::NotRunnable)?.stdout);
        let closure = |(name, drv): (&MachineName, &String)| {
            Some((name.clone(), Closure(outputs.get(base_name(drv))?.clone())))
        };
        Ok(derivations.iter().filter_map(closure).collect())
    }
}

/// The output paths by the derivations' file names. What cannot be read tells nothing.
fn read(shown: &[u8]) -> HashMap<String, String> {
    let derivations = match serde_json::from_slice(shown) {
        Ok(Shown::Named { derivations } | Shown::Paths(derivations)) => derivations,
        Err(_) => return HashMap::new(),
    };
    let path = |(drv, derivation): (String, Derivation)| {
        let path = derivation.outputs.get("out")?.path.clone()?;
        let path = if path.starts_with('/') { path } else { format!("/nix/store/{path}") };
        Some((base_name(&drv).to_owned(), path))
    };
    derivations.into_iter().filter_map(path).collect()
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_nix_are_read() {
        let named =
            r#"{"derivations":{"0a-x.drv":{"name":"x","outputs":{"out":{"path":"1b-x"}}}},"version":4}"#;
        let paths = r#"{"/nix/store/0a-x.drv":{"name":"x","outputs":{"out":{"path":"/nix/store/1b-x"}}}}"#;
        let expected = HashMap::from([("0a-x.drv".to_owned(), "/nix/store/1b-x".to_owned())]);
        assert_eq!((read(named.as_bytes()), read(paths.as_bytes())), (expected.clone(), expected));
        assert_eq!(read(b"error: no"), HashMap::new());
    }

    #[test]
    fn an_output_whose_path_nobody_knows_before_it_is_built_is_not_told() {
        let floating = r#"{"/nix/store/0a-x.drv":{"outputs":{"out":{"hashAlgo":"r:sha256"}}}}"#;
        assert_eq!(read(floating.as_bytes()), HashMap::new());
    }
}
