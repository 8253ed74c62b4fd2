//! OpenSSH's client: nix copies, builds elsewhere and fetches private inputs through it.
//!
//! Flows in: its path. Flows out: one item. Must not: open a connection.

use super::{Inputs, item::Item, tool};
use crate::process::Spawner;

const NAME: &str = "ssh";
const COSTS: &str = "no build on another machine (deploy.buildHost), and no input that is fetched over SSH";

pub(super) async fn item(inputs: &Inputs, spawner: &Spawner) -> Item {
    let missing = |found: String| Item::missing(NAME, found, COSTS).remedy("install OpenSSH's client");
    let Some(path) = &inputs.ssh else { return missing("no ssh on PATH".to_owned()) };
    match tool::ask(spawner, &inputs.environment, path, &["-V"]).await {
        Ok(said) => match version(&said) {
            Some(version) => Item::good(NAME, format!("OpenSSH {version} at {}", path.display()), COSTS),
            None => Item::degraded(NAME, format!("{} is not OpenSSH's", path.display()), COSTS)
                .remedy("put OpenSSH's client first on PATH: nix relies on its options"),
        },
        Err(why) => missing(format!("{} does not work: {why}", path.display())),
    }
}

/// The version in `OpenSSH_9.2p1 Debian-2+deb12u6, OpenSSL 3.0.19 27 Jan 2026`.
fn version(said: &str) -> Option<&str> {
    let words = said.lines().find_map(|line| line.strip_prefix("OpenSSH_"))?;
    words.split([' ', ',']).next().filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_as_they_are_printed() {
        assert_eq!(version("OpenSSH_9.2p1 Debian-2+deb12u6, OpenSSL 3.0.19 27 Jan 2026"), Some("9.2p1"));
        assert_eq!(version("OpenSSH_9.9p2, LibreSSL 3.3.6"), Some("9.9p2"));
        assert_eq!(version("Dropbear v2022.83"), None);
        assert_eq!(version("OpenSSH_for_Windows_8.6p1"), None);
        assert_eq!(version(""), None);
    }
}
