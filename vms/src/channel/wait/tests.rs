//! Waiting, against a stand-in for systemd that does as its file of states says.
#![expect(clippy::disallowed_methods, reason = "tests lay out programs of their own")]

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use super::{WaitError, wait_for_unit};
use crate::channel::stand_in::{LIMIT, StandIn};

/// `states`: what the unit is, look after look, one a line; the last one stays. `jobs`: what waits.
async fn unit(states: &str, jobs: &str, limit: Duration) -> Result<(), WaitError> {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().display();
    fs::write(folder.path().join("states"), states).unwrap();
    let systemctl = format!(
        "#!/bin/sh\ncase $1 in\nshow) [ -s {here}/states ] || {{ echo not booted with systemd >&2; exit 1; }}; head -n 1 {here}/states; \
         [ $(wc -l <{here}/states) -lt 2 ] || sed -i 1d {here}/states;;\n\
         list-jobs) printf '{jobs}';;\nstatus) echo status of $*;;\nesac\n"
    );
    for (name, script) in [("systemctl", systemctl.as_str()), ("journalctl", "#!/bin/sh\necho last words\n")]
    {
        let path = folder.path().join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let (_guest, channel) = StandIn::open("sh", folder.path()).await;
    wait_for_unit(&channel, "it's.service", limit).await
}

#[tokio::test]
async fn a_unit_that_becomes_active_is_there() {
    unit("active\n", "", LIMIT).await.unwrap();
    unit("inactive\nactivating\ninactive\nreloading\nactive\n", "", LIMIT).await.unwrap();
}

#[tokio::test]
async fn a_unit_that_fails_is_told_with_its_last_words() {
    let error = unit("activating\nfailed\n", "", LIMIT).await.unwrap_err().to_string();
    assert!(error.starts_with("it's.service failed:\nstatus of status"), "{error}");
    assert!(error.ends_with("it's.service\nlast words"), "{error}");
}

#[tokio::test]
async fn a_unit_that_nothing_starts_is_told() {
    let error = unit("inactive\n", "", LIMIT).await.unwrap_err();
    assert!(matches!(error, WaitError::Idle { .. }), "{error}");
}

#[tokio::test]
async fn a_unit_whose_job_waits_is_waited_for() {
    let error = unit("inactive\n", "1 it.service start waiting", Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(error.to_string(), "it's.service was not there in 1 s");
}

#[tokio::test]
async fn a_guest_without_systemd_is_told() {
    let error = unit("", "", LIMIT).await.unwrap_err().to_string();
    assert_eq!(error, "cannot wait for it's.service: not booted with systemd");
}
