//! What people agree to, signed by the system's ssh-keygen and read from a journal that anybody could have written into.

#![expect(clippy::disallowed_methods, reason = "the tests make keys")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not find ends it")]

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use edge::{
    evidence::{Approval, Attested, Keygen, Shelf},
    process::Spawner,
    promotions::PromotionJournal,
    state::State,
};
use jiff::Timestamp;
use model::{
    machine::MachineName,
    promotion::Signer,
    rollout::{Change, Closure, Entry, Happened, PromotionId},
};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

struct Desk {
    folder: tempfile::TempDir,
    state: State,
    promotion: PromotionId,
}

impl Desk {
    /// A promotion of `web`.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path()).unwrap();
        let change = Change { old: Closure("/old".to_owned()), new: Closure("/new".to_owned()) };
        let what = Happened::Started { changes: [("web".into(), change)].into(), back: false };
        let journal = PromotionJournal::create(&state, &Entry { at: NOW, what }, None).unwrap();
        let promotion = journal.promotion().clone();
        Self { folder, state, promotion }
    }

    fn key(&self, name: &str) -> (PathBuf, Signer) {
        let file = self.folder.path().join(name);
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"]).arg(&file);
        assert!(keygen.status().unwrap().success());
        let line = fs::read_to_string(file.with_extension("pub")).unwrap();
        (file, Signer::parse(&line).unwrap())
    }

    fn keygen(&self) -> Keygen {
        let path = env::var_os("PATH").unwrap();
        let program = env::split_paths(&path).map(|it| it.join("ssh-keygen")).find(|it| it.is_file());
        let environment = [("PATH".into(), path), ("HOME".into(), self.folder.path().into())].into();
        Keygen { program: program.unwrap(), environment, spawner: Spawner::new() }
    }

    /// That wave `desk` may go, bringing `closure` to `web`.
    fn word(&self, closure: &str) -> Approval {
        let closures = BTreeMap::from([("web".into(), Closure(closure.to_owned()))]);
        Approval { promotion: self.promotion.clone(), wave: "desk".to_owned(), closures }
    }

    async fn signed(&self, word: &Approval, key: &Path) -> Option<String> {
        Some(word.sign(&self.keygen(), key).await.unwrap())
    }

    /// Why the word that is written down as this person's does not count, read by a policy with these keys.
    fn refused(&self, by: &str, signed: Option<String>, approvers: &[Signer]) -> Option<String> {
        self.held(by, signed, approvers)?.err()
    }

    /// For whom it counts, or why it does not.
    fn held(
        &self,
        by: &str,
        signed: Option<String>,
        approvers: &[Signer],
    ) -> Option<Result<BTreeSet<MachineName>, String>> {
        let open = || PromotionJournal::open(&self.state, &self.promotion).unwrap();
        let what = Happened::Approved { by: by.to_owned(), wave: "desk".to_owned(), signed, held: None };
        open().note(NOW, what).unwrap();
        match open().held_against(approvers).entries().unwrap().pop().unwrap().what {
            Happened::Approved { held, .. } => held,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_word_counts_that_its_own_key_signed() {
    let desk = Desk::new();
    let (file, ann) = desk.key("ann");
    let signed = desk.signed(&desk.word("/new"), &file).await;
    let held = desk.held("ann", signed, &[desk.key("bob").1, ann]);
    assert_eq!(held, Some(Ok(["web".into()].into())), "and for the machines that are signed");
}

#[tokio::test]
async fn where_no_keys_are_named_nothing_is_held_against_them() {
    assert_eq!(Desk::new().held("ann", None, &[]), None);
}

#[tokio::test]
async fn each_word_that_does_not_count_says_why() {
    let desk = Desk::new();
    let ((ann, of_ann), (eve, _)) = (desk.key("ann"), desk.key("eve"));
    let keys = [of_ann, desk.key("bob").1];
    let why = |by: &str, signed| desk.refused(by, signed, &keys).expect("it does not count");
    let sound = desk.signed(&desk.word("/new"), &ann).await;

    // Whoever calls himself somebody else.
    assert_eq!(why("bob", None), "nobody signed it");
    assert_eq!(why("bob", sound.clone()), "ann signed it");
    let foreign = desk.signed(&desk.word("/new"), &eve).await;
    assert!(why("ann", foreign).starts_with("it is signed with a key that is none of `approvers`, SHA256:"));

    // Whoever takes a word for another one.
    let other = desk.signed(&desk.word("/newer"), &ann).await;
    assert_eq!(why("ann", other.clone()), "ann signed it for other closures");
    let elsewhere = Approval { wave: "hub".to_owned(), ..desk.word("/new") };
    let elsewhere = desk.signed(&elsewhere, &ann).await;
    assert_eq!(why("ann", elsewhere), "ann signed it for another wave or promotion");
    let before = Approval { promotion: PromotionId("before".to_owned()), ..desk.word("/new") };
    let before = desk.signed(&before, &ann).await;
    assert_eq!(why("ann", before), "ann signed it for another wave or promotion");

    // The words of one, the signature of another.
    let read = |text: &Option<String>| -> serde_json::Value {
        serde_json::from_str(text.as_deref().expect("it is signed")).unwrap()
    };
    let mut mixed = read(&sound);
    mixed["signatures"] = read(&other)["signatures"].clone();
    assert_eq!(why("ann", Some(mixed.to_string())), "it was changed after ann had signed it");
    assert!(why("ann", Some("{}".to_owned())).starts_with("it is no approval: "));
}

/// The same key may sign evidence: that is no word of its owner's that a wave may go, whatever the envelope says it is.
#[tokio::test]
async fn signed_evidence_is_no_approval() {
    let desk = Desk::new();
    let (file, ann) = desk.key("ann");
    let evidence = Shelf::sign(&Attested::default(), &desk.keygen(), &file).await.unwrap();
    let evidence = String::from_utf8(evidence).unwrap();
    let why = desk.refused("ann", Some(evidence.clone()), std::slice::from_ref(&ann)).unwrap();
    assert_eq!(why, "it is no approval: its payload is of the type application/vnd.in-toto+json");
    let renamed = evidence.replace("vnd.in-toto+json", "vnd.seaworthy.approval+json");
    assert_eq!(desk.refused("ann", Some(renamed), &[ann]).unwrap(), "nobody signed it");
}
