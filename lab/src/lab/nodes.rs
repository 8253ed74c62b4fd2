//! ZeroTier's nodes, before they start: it makes their identities itself, because an address costs a search.
//!
//! Flows in: a topology and its seats. Flows out: who each host is, and the files that its node finds at home. Must not: ask
//! anybody but the program.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use tokio::task::JoinSet;

use super::{UpError, start::Identities};
use crate::{
    addresses::Seat,
    folder::Folder,
    overlay::zerotier::{LOCAL, Node},
    process::{RunError, command, succeed},
    tools::Tools,
    topology::{OPERATOR, Topology},
};

/// A search takes a second or two; a hundred at once share the processors.
const LIMIT: Duration = Duration::from_secs(120);

pub(super) async fn make(
    folder: &Folder,
    tools: &Arc<Tools>,
    topology: &Topology,
    seats: &[Seat],
) -> Result<Identities, UpError> {
    let seats: Vec<_> = seats.iter().filter(|seat| seat.name != OPERATOR).collect();
    let home = |seat: &Seat, file: &str| format!("hosts/{}/zerotier/{file}", seat.name);
    let mut searches = JoinSet::new();
    for seat in &seats {
        folder.write(&home(seat, "local.conf"), LOCAL, 0o600)?;
        let at = |file| folder.path().join(home(seat, file));
        searches.spawn(search(Arc::clone(tools), at("identity.secret"), at("identity.public")));
    }
    searches.join_all().await.into_iter().collect::<Result<(), _>>().map_err(UpError::Keys)?;
    let mut nodes = BTreeMap::new();
    for seat in &seats {
        nodes.insert(seat.name.as_str(), (*seat, Node::read(&folder.read(&home(seat, "identity.public")))?));
    }
    let Some((at, controller)) = topology.controller().and_then(|name| nodes.get(name)) else {
        return Ok(Identities::new());
    };
    folder.write(&home(at, "controller"), "", 0o600)?;
    for seat in &seats {
        folder.write(&home(seat, "planet"), controller.planet(at.v4), 0o600)?;
        folder.write(&home(seat, "network"), controller.network() + "\n", 0o600)?;
    }
    Ok(nodes.iter().map(|(name, (_, node))| ((*name).to_owned(), node.on(controller))).collect())
}

async fn search(tools: Arc<Tools>, secret: PathBuf, public: PathBuf) -> Result<(), RunError> {
    let mut zerotier = command(&tools.zerotier, &tools.search_path);
    zerotier.args(["-i", "generate"]).arg(secret).arg(public);
    succeed(&mut zerotier, "", LIMIT).await.map(drop)
}
