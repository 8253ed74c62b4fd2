//! Who agrees to a wave, where the policy names keys.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use cli::exit::Exit;
use edge::{promotions::PromotionJournal, state::State};
use model::rollout::Happened;

use crate::{
    Port,
    binary::{exits, text, verify},
    carried, promotes, row,
};

/// Where the policy names keys, a name is nobody's word.
#[tokio::test(flavor = "multi_thread")]
async fn where_keys_are_named_only_what_is_signed_counts() {
    let (port, keys) = (Port::open(), tempfile::tempdir().unwrap());
    let ((own, line), (foreign, _)) = (key(keys.path(), "crs58"), key(keys.path(), "eve"));
    let fleet = port.folder().join("fleet.toml");
    let policy = format!("[promotion]\napprovers = [\"{line}\"]\n");
    let alone = "name = \"desk\"\nafter = []\n";
    let written = fs::read_to_string(&fleet).unwrap();
    let written = written.replace("[promotion]\n", &policy).replace("name = \"desk\"\n", alone);
    fs::write(&fleet, written).unwrap();
    exits(&verify(&port.folder()).output().unwrap(), 0);
    let machines = Arc::new(port.machines());
    assert_eq!(carried(&port, &machines, &promotes()).await, Exit::Undecided);
    let board = text(&port.seaworthy(&["status"]).stdout);
    assert!(board.contains("1 more of crs58: `seaworthy approve desk --key FILE`"), "{board}");
    let reasons = || row(&port.status(), "stibnite")["reasons"].to_string();
    let signs = |key: &Path| port.seaworthy(&["approve", "desk", "--key", &key.to_string_lossy()]);

    let unsigned = port.seaworthy(&["approve", "desk"]);
    exits(&unsigned, 2);
    assert!(text(&unsigned.stderr).contains("not signed does not count"), "{}", text(&unsigned.stderr));
    let theirs = signs(&foreign);
    exits(&theirs, 2);
    assert!(text(&theirs.stderr).contains("none of `approvers`"), "{}", text(&theirs.stderr));

    // Whoever writes it into the journal all the same.
    let state = State::open(&port.folder()).unwrap();
    let (by, wave) = ("crs58".to_owned(), "desk".to_owned());
    let forged = Happened::Approved { by, wave, signed: None, held: None };
    PromotionJournal::latest(&state).unwrap().unwrap().note(jiff::Timestamp::now(), forged).unwrap();
    let said = "0 of 1 agreed to wave desk; crs58's word does not count: nobody signed it";
    assert!(reasons().contains(said), "{}", reasons());
    carried(&port, &machines, &promotes()).await;
    assert_eq!(machines.whole().1, ["stibnite"], "it went by a word that nobody signed");

    let signed = signs(&own);
    exits(&signed, 0);
    assert!(text(&signed.stderr).contains("stibnite gets /nix/store/"), "{}", text(&signed.stderr));
    carried(&port, &machines, &promotes()).await;
    assert_eq!(machines.whole().0, ["cinnabar", "stibnite"]);
    assert!(!reasons().contains("agreed"), "{}", reasons());
    let history = text(&port.seaworthy(&["history"]).stdout);
    assert!(history.contains("crs58 agreed to wave desk, signed"), "{history}");
}

/// A key, and the line that names it as one of the fleet's signers.
pub(crate) fn key(folder: &Path, name: &str) -> (PathBuf, String) {
    let file = folder.join(name);
    let mut keygen = std::process::Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"]).arg(&file);
    assert!(keygen.status().unwrap().success());
    let line = fs::read_to_string(file.with_extension("pub")).unwrap();
    (file, line.trim().to_owned())
}
