//! git: nix reads a flake in a repository through it.
//!
//! Flows in: its path. Flows out: one item. Must not: look at the user's repository.

use super::{Inputs, item::Item, tool};
use crate::process::Spawner;

const NAME: &str = "git";
const COSTS: &str = "nix cannot read a flake that is in a git repository, nor fetch inputs from one";

pub(super) async fn item(inputs: &Inputs, spawner: &Spawner) -> Item {
    let missing = |found: String| Item::missing(NAME, found, COSTS).remedy("install git");
    let Some(path) = &inputs.git else { return missing("no git on PATH".to_owned()) };
    match tool::ask(spawner, &inputs.environment, path, &["--version"]).await {
        Ok(said) => match version(&said) {
            Some(version) => Item::good(NAME, format!("git {version} at {}", path.display()), COSTS),
            None => missing(format!("{} is no git: {}", path.display(), first_line(&said))),
        },
        Err(why) => missing(format!("{} does not work: {why}", path.display())),
    }
}

/// The version in `git version 2.47.3`, which Apple's follows with more.
fn version(said: &str) -> Option<&str> {
    let words = said.lines().find_map(|line| line.strip_prefix("git version "))?;
    words.split_whitespace().next().filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
}

fn first_line(said: &str) -> &str {
    said.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_as_they_are_printed() {
        assert_eq!(version("git version 2.47.3"), Some("2.47.3"));
        assert_eq!(version("git version 2.39.3 (Apple Git-146)\n"), Some("2.39.3"));
        // Without the developer tools, macOS's git only says this.
        assert_eq!(version("xcode-select: note: no developer tools were found"), None);
        assert_eq!(version("git version unknown"), None);
        assert_eq!(version(""), None);
    }
}
