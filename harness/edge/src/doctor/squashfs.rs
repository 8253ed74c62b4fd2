//! mksquashfs, which makes the store of a guest.
//!
//! Flows in: its path. Flows out: one item. Must not: make an image.

use super::{Inputs, item::Item, tool};
use crate::process::Spawner;

const NAME: &str = "squashfs";
const COSTS: &str = "no machine of the fleet can be booted as a guest";

pub(super) async fn item(inputs: &Inputs, spawner: &Spawner) -> Item {
    let missing = |found: String| Item::missing(NAME, found, COSTS).remedy("install squashfs-tools");
    let Some(path) = &inputs.mksquashfs else { return missing("no mksquashfs on PATH".to_owned()) };
    match tool::ask(spawner, &inputs.environment, path, &["-version"]).await {
        Ok(said) => match version(&said) {
            Some(version) => Item::good(NAME, format!("mksquashfs {version} at {}", path.display()), COSTS),
            None => Item::degraded(NAME, format!("{} is not squashfs-tools'", path.display()), COSTS)
                .remedy("put squashfs-tools first on PATH"),
        },
        Err(why) => missing(format!("{} does not work: {why}", path.display())),
    }
}

/// The version in `mksquashfs version 4.5.1 (2022/03/17)`.
fn version(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.strip_prefix("mksquashfs version ")?.split(' ').next())
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_as_they_are_printed() {
        assert_eq!(version("mksquashfs version 4.5.1 (2022/03/17)\ncopyright"), Some("4.5.1"));
        assert_eq!(version("something else"), None);
    }
}
