//! Keys and certificates for ssh, made by ssh-keygen for this lab alone.
//!
//! Flows in: where a key is to be. Flows out: files. Must not: touch a key of anybody else.

use std::{path::Path, time::Duration};

use crate::{
    process::{RunError, command, succeed},
    tools::Tools,
};

const LIMIT: Duration = Duration::from_secs(30);

/// How long a certificate is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    Always,
    /// It was, long ago.
    Expired,
}

/// Makes an Ed25519 key at `path`, and its public half beside it.
pub(crate) async fn make(tools: &Tools, path: &Path, comment: &str) -> Result<(), RunError> {
    let mut keygen = command(&tools.ssh_keygen, &tools.search_path);
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f"]).arg(path);
    succeed(&mut keygen, "", LIMIT).await.map(drop)
}

/// Signs the host key at `path` for one name. The certificate is put beside it.
pub(crate) async fn sign(
    tools: &Tools,
    authority: &Path,
    path: &Path,
    name: &str,
    validity: Validity,
) -> Result<(), RunError> {
    let mut keygen = command(&tools.ssh_keygen, &tools.search_path);
    keygen.args(["-q", "-h", "-I", name, "-n", name, "-s"]).arg(authority);
    if validity == Validity::Expired {
        keygen.args(["-V", "20200101:20200102"]);
    }
    keygen.arg(path.with_extension("pub"));
    succeed(&mut keygen, "", LIMIT).await.map(drop)
}
