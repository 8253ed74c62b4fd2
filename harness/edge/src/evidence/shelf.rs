//! Evidence of others on this computer: `.seaworthy/evidence/<sha256>.json`, an envelope a file.
//!
//! Flows in: envelopes as they were fetched. Flows out: each with what it claims, and whether it counts. Must not: remember that
//! one counted: signers change, and so do files.

use std::{fs, io, path::PathBuf};

use model::{digest::Digest, promotion::Signer};

use super::{
    envelope::{Envelope, Kind, Refused},
    signature::{Keygen, SignError},
    statement::Attested,
};
use crate::state::{State, StateError, write_atomically};

/// The folder of what others proved.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
}

/// One envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The digest of its bytes, by which it is filed.
    pub digest: Digest,
    /// What it claims, where that can be read.
    pub claimed: Option<Attested>,
    /// Who signed it, or why it does not count.
    pub signer: Result<String, Refused>,
}

/// An envelope of more bytes is none: a thousand machines make some ten MiB.
const MOST: u64 = 64 << 20;

impl Shelf {
    /// That of a project.
    #[must_use]
    pub fn of(state: &State) -> Self {
        Self { folder: state.folder().join("evidence") }
    }

    /// Signs what was attested.
    ///
    /// # Errors
    /// Nothing was signed.
    pub async fn sign(
        attested: &Attested,
        keygen: &Keygen,
        key: &std::path::Path,
    ) -> Result<Vec<u8>, SignError> {
        let payload = attested.write().map_err(|error| SignError::Folder(error.into()))?;
        let envelope = Envelope::sign(Kind::Evidence, &payload, keygen, key).await?;
        serde_json::to_vec(&envelope).map_err(|error| SignError::Folder(error.into()))
    }

    /// Files an envelope under its digest, whatever it is worth.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn file(&self, bytes: &[u8]) -> Result<Digest, StateError> {
        let digest = Digest::of(bytes);
        let path = self.folder.join(format!("{}.json", digest.hex()));
        fs::create_dir_all(&self.folder).map_err(StateError::at("create", &self.folder))?;
        if !path.is_file() {
            write_atomically(&path, bytes).map_err(StateError::at("write", &path))?;
        }
        Ok(digest)
    }

    /// Every envelope, held against the signers.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn read(&self, signers: &[Signer]) -> Result<Vec<Found>, StateError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(StateError::at("read", &self.folder))?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(StateError::at("read", &self.folder))?.path();
            let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let filed = Digest::try_from(format!("sha256:{name}"));
            let (Ok(filed), Some("json")) = (filed, path.extension().and_then(|it| it.to_str())) else {
                continue;
            };
            let bytes = read(&path).map_err(StateError::at("read", &path))?;
            found.push(judge(filed, &bytes, signers));
        }
        found.sort_by_key(|found| found.digest);
        Ok(found)
    }
}

/// What an envelope is worth that is filed under a digest.
pub(super) fn judge(filed: Digest, bytes: &[u8], signers: &[Signer]) -> Found {
    let (claimed, signer) = Envelope::judge(bytes, signers);
    let signer = if Digest::of(bytes) == filed { signer } else { Err(Refused::Misfiled) };
    Found { digest: filed, claimed, signer }
}

fn read(path: &std::path::Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(
        &mut io::Read::take(fs::OpenOptions::new().read(true).open(path)?, MOST),
        &mut bytes,
    )?;
    Ok(bytes)
}
