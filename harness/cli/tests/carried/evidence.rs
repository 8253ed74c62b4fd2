//! What one computer proved, on another.
//!
//! Flows in: two clones of a fleet's repository. Flows out: what each says of the gates. Must not: touch a machine.

use std::fs;

use crate::{
    Port,
    approvals::key,
    binary::{exits, text, verify},
    first_gates, git, row,
};

#[test]
fn one_computer_proves_and_another_promotes() {
    let ci = Port::open();
    let keys = tempfile::tempdir().unwrap();
    let ((file, signer), (foreign, _)) = (key(keys.path(), "ci"), key(keys.path(), "eve"));
    let fleet = ci.folder().join("fleet.toml");
    let signed = fs::read_to_string(&fleet)
        .unwrap()
        .replace("[promotion]\n", &format!("[promotion]\nsigners = [\"{signer}\"]\n"));
    fs::write(&fleet, signed).unwrap();
    git(&ci.folder(), &["commit", "--quiet", "--all", "--message", "policy"]);
    let top = ci.folder().join("../..");
    git(keys.path(), &["clone", "--quiet", "--bare", &top.to_string_lossy(), "remote"]);
    let remote = keys.path().join("remote").display().to_string();
    git(keys.path(), &["clone", "--quiet", "remote", "laptop"]);
    let laptop = Port::at(keys.path().join("laptop/fleets/two"));

    // Nothing is proven yet, so that nothing can be signed.
    let nothing = ci.seaworthy(&["evidence", "push", &remote, "--key", &file.to_string_lossy()]);
    exits(&nothing, 4);
    exits(&verify(&ci.folder()).output().unwrap(), 0);
    // Eve signs the same.
    exits(&ci.seaworthy(&["evidence", "push", &remote, "--key", &foreign.to_string_lossy()]), 0);
    let pulled = laptop.seaworthy(&["evidence", "pull", &remote]);
    exits(&pulled, 4);
    let out = text(&pulled.stdout);
    let foreign = "refused: it is signed with a key that is none of the fleet's signers, SHA256:";
    assert!(out.contains(foreign), "{out}{}", text(&pulled.stderr));
    let (state, why) = first_gates(&laptop.status());
    assert_eq!(state, "\"undecided\"");
    assert!(
        why.contains("does not count: it is signed with a key that is none of the fleet's signers"),
        "{why}"
    );
    // And then CI does.
    exits(&ci.seaworthy(&["evidence", "push", &remote, "--key", &file.to_string_lossy()]), 0);
    let pulled = laptop.seaworthy(&["evidence", "pull", &remote]);
    exits(&pulled, 0);
    assert!(text(&pulled.stdout).contains("signed by ci"), "{}", text(&pulled.stdout));
    let status = laptop.status();
    assert_eq!(first_gates(&status).0, "\"open\"");
    assert_eq!(row(&status, "cinnabar")["gates"][1]["state"], "open");
}
