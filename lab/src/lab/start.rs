//! From a topology to a lab that is up.
//!
//! Flows in: a topology, a folder, tools. Flows out: a [`Lab`]. Must not: leave anything when it fails.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use tokio::task::JoinSet;

use super::{Lab, UpError, nodes};
use crate::{
    addresses::{self, Seat},
    boxes,
    door::Door,
    files,
    folder::{Folder, NoFolder},
    host::Host,
    keys::{self, Validity},
    namespaces::Namespaces,
    overlay::{self, Identity},
    process::RunError,
    socket::Network,
    tools::{self, Tools},
    topology::{OPERATOR, Overlay, Topology},
};

pub(super) type Identities = BTreeMap<String, Identity>;

impl Lab {
    /// Brings it up in a folder of its own, below which all that it writes goes: keys, logs, and what hosts have at home.
    /// It works in tasks of the runtime in which it is called. Overlays have been started then, not more: who wants to
    /// see them whole asks [`Lab::reach`].
    ///
    /// # Errors
    /// The topology makes no sense, the folder is not free, or something did not start.
    pub async fn up(topology: Topology, folder: &Path, tools: Tools) -> Result<Self, UpError> {
        topology.check().map_err(UpError::Topology)?;
        if topology.has_boxes() {
            tools::for_boxes()?;
        }
        let (folder, tools) = (Folder::create(folder)?, Arc::new(tools));
        let seats = addresses::seats(&topology);
        let mut doors = Vec::new();
        for seat in seats.iter().filter(|seat| seat.name != OPERATOR) {
            doors.push((seat.clone(), Door::at_any_port().await?));
        }
        let identities = if topology.overlay == Overlay::Zerotier {
            nodes::make(&folder, &tools, &topology, &seats).await?
        } else {
            identities(&topology, &seats)?
        };
        write(&folder, &tools, &topology, &seats, &identities)?;
        make_keys(&folder, &tools, &topology).await?;
        let ports: BTreeMap<_, _> = doors.iter().map(|(seat, door)| (seat.name.clone(), door.port)).collect();
        let config =
            files::ssh_config(folder.path(), ports.iter().map(|(name, port)| (name.as_str(), *port)));
        folder.write("ssh_config", &config, 0o600)?;
        let namespaces = Namespaces::start(&tools, &folder, &seats).await?;
        let hosts = hosts(&folder, &topology, &namespaces, seats, &identities, &tools)?;
        let accepted = topology.members().into_iter().map(str::to_owned).collect();
        let doors = serve(doors, &hosts);
        let (faults, relay) = (Vec::new(), None);
        let lab = Self {
            topology,
            hosts,
            faults,
            accepted,
            ports,
            _doors: doors,
            relay,
            namespaces,
            folder,
            tools,
        };
        lab.write_overlay()?;
        lab.start_overlay().await.map_err(UpError::Overlay)?;
        Ok(lab)
    }

    async fn start_overlay(&self) -> Result<(), RunError> {
        if self.topology.overlay == Overlay::None {
            return Ok(());
        }
        let mut starts = JoinSet::new();
        for host in self.hosts() {
            let host = host.clone();
            starts.spawn(async move { host.has_to("sh /run/host/overlay.sh start").await });
        }
        starts.join_all().await.into_iter().collect()
    }
}

fn identities(topology: &Topology, seats: &[Seat]) -> Result<Identities, UpError> {
    let mut identities = BTreeMap::new();
    for seat in seats.iter().filter(|seat| seat.name != OPERATOR) {
        if let Some(identity) = overlay::identity(topology.overlay, seat)? {
            identities.insert(seat.name.clone(), identity);
        }
    }
    Ok(identities)
}

/// What hosts read, but for keys of ssh and whom they accept.
fn write(
    folder: &Folder,
    tools: &Tools,
    topology: &Topology,
    seats: &[Seat],
    identities: &Identities,
) -> Result<(), UpError> {
    let address = |seat: &Seat| identities.get(&seat.name).map(|identity| identity.address);
    let hosts = files::hosts(seats.iter().map(|seat| (seat, address(seat))));
    let shown: String = topology.shown.iter().map(|path| format!("{}\n", path.display())).collect();
    if topology.has_boxes() {
        folder.write("boxes", "", 0o600)?;
    }
    for seat in seats {
        let put =
            |file: &str, text: &str, mode| folder.write(&format!("hosts/{}/{file}", seat.name), text, mode);
        put("home/.hushlogin", "", 0o600)?;
        put("etc/passwd", files::PASSWD, 0o644)?;
        put("etc/group", files::GROUP, 0o644)?;
        put("etc/shadow", files::SHADOW, 0o600)?;
        put("etc/hosts", &hosts, 0o644)?;
        put("etc/resolv.conf", "# Nobody is asked for names here.\n", 0o644)?;
        if seat.name != OPERATOR {
            put("sshd", &tools.sshd.display().to_string(), 0o600)?;
            put("sshd_config", &files::sshd_config(topology.certificates, &tools.search_path), 0o600)?;
            put("overlay.sh", overlay::script(topology.overlay), 0o600)?;
            let is_box = topology.hosts.get(&seat.name).is_some_and(|host| host.systemd);
            put("sshd.sh", if is_box { boxes::SSHD } else { include_str!("../sshd.sh") }, 0o600)?;
            if is_box {
                write_box(folder, &seat.name, &shown)?;
            }
            put("overlay.address", &address(seat).map_or_else(String::new, |it| it.to_string()), 0o600)?;
        }
    }
    Ok(())
}

fn write_box(folder: &Folder, name: &str, shown: &str) -> Result<(), NoFolder> {
    let put = |file: &str, text: &str| folder.write(&format!("hosts/{name}/{file}"), text, 0o644).map(drop);
    boxes::FILES.iter().try_for_each(|(file, text)| put(file, text))?;
    boxes::MASKED.iter().try_for_each(|unit| put(&format!("etc/systemd/system/{unit}"), ""))?;
    put("etc/hostname", &format!("{name}\n"))?;
    put("shown", shown)
}

/// The operator's key, the authority's, and one a host, with what others read of them.
async fn make_keys(folder: &Folder, tools: &Arc<Tools>, topology: &Topology) -> Result<(), UpError> {
    let mut making = JoinSet::new();
    let key = |file: String, name: String| {
        let (tools, path) = (Arc::clone(tools), folder.path().join(file));
        async move { keys::make(&tools, &path, &name).await }
    };
    making.spawn(key("operator".into(), OPERATOR.into()));
    making.spawn(key("authority".into(), "authority".into()));
    for name in topology.hosts.keys() {
        making.spawn(key(format!("hosts/{name}/key"), name.clone()));
    }
    all(making).await?;
    let authority = folder.path().join("authority");
    let mut known = String::new();
    if topology.certificates {
        let mut signing = JoinSet::new();
        for name in topology.hosts.keys() {
            let (tools, authority, name) = (Arc::clone(tools), authority.clone(), name.clone());
            let path = folder.path().join(format!("hosts/{name}/key"));
            signing
                .spawn(async move { keys::sign(&tools, &authority, &path, &name, Validity::Always).await });
        }
        all(signing).await?;
        known = format!("@cert-authority * {}", folder.read("authority.pub"));
    }
    let operator = folder.read("operator.pub");
    for name in topology.hosts.keys() {
        folder.write(&format!("hosts/{name}/authorized_keys"), &operator, 0o600)?;
        if !topology.certificates {
            known.push_str(&format!("{name} {}", folder.read(&format!("hosts/{name}/key.pub"))));
        }
    }
    folder.write("known_hosts", &known, 0o600)?;
    Ok(())
}

async fn all(tasks: JoinSet<Result<(), RunError>>) -> Result<(), UpError> {
    tasks.join_all().await.into_iter().collect::<Result<(), _>>().map_err(UpError::Keys)
}

fn hosts(
    folder: &Folder,
    topology: &Topology,
    namespaces: &Namespaces,
    seats: Vec<Seat>,
    identities: &Identities,
    tools: &Arc<Tools>,
) -> Result<BTreeMap<String, Host>, UpError> {
    let mut hosts = BTreeMap::new();
    for seat in seats {
        let Some(&number) = namespaces.hosts.get(&seat.name) else { continue };
        let (network, identity) = (Network::of(number)?, identities.get(&seat.name).cloned());
        let is_box = topology.hosts.get(&seat.name).is_some_and(|host| host.systemd);
        let as_box = is_box.then(|| folder.path().join("hosts").join(&seat.name));
        let host = Host { identity, number, as_box, network, tools: Arc::clone(tools), seat };
        hosts.insert(host.seat.name.clone(), host);
    }
    Ok(hosts)
}

fn serve(doors: Vec<(Seat, Door)>, hosts: &BTreeMap<String, Host>) -> JoinSet<()> {
    let mut serving = JoinSet::new();
    if let Some(operator) = hosts.get(OPERATOR) {
        for (seat, door) in doors {
            serving.spawn(door.serve(operator.network.clone(), seat.v4));
        }
    }
    serving
}

/// Those that a host takes for peers, of those that the topology makes its peers.
pub(super) fn taken<'a>(topology: &'a Topology, accepted: &BTreeSet<String>, me: &str) -> Vec<&'a str> {
    // Who is not accepted does not know: it takes everybody.
    let open = !accepted.contains(me);
    let other = |[a, b]: [&'a str; 2]| match me {
        me if me == a => Some(b),
        me if me == b => Some(a),
        _ => None,
    };
    let peers = topology.peers().into_iter().filter_map(other);
    peers.filter(|name| open || accepted.contains(*name)).collect()
}
