//! Signatures by SSH keys: made by the system's `ssh-keygen`, which knows agents, hardware and passphrases; read and verified
//! here, since evidence is verified each time it is read.
//!
//! Flows in: bytes to sign, a key's file; or a signature. Flows out: a signature; or whether it holds. Must not: read a private
//! key, or take a signature that was made for another purpose.
//! <https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig>

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use data_encoding::{BASE64, BASE64_NOPAD};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256, Sha512};

use crate::process::{CaptureError, Program, Spawner};

const MAGIC: &[u8] = b"SSHSIG";
const KIND: &[u8] = b"ssh-ed25519";

/// A key on a token waits to be touched.
const LIMIT: Duration = Duration::from_secs(60);

/// A signature in OpenSSH's own form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SshSignature {
    bytes: Vec<u8>,
    /// What it is for: one that was made for anything else does not count.
    namespace: &'static str,
    key: Vec<u8>,
    hash: Hash,
    signature: [u8; 64],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha512,
}

impl SshSignature {
    /// Reads one by an ed25519 key, made for this.
    pub(super) fn parse(namespace: &'static str, bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(MAGIC)?.strip_prefix(&1_u32.to_be_bytes())?;
        let [key, made_for, _reserved, hash, signature] = [(); 5].map(|()| field(&mut rest));
        let hash = match hash? {
            b"sha256" => Hash::Sha256,
            b"sha512" => Hash::Sha512,
            _ => return None,
        };
        let mut signature = signature?;
        let kind = field(&mut signature)?;
        let signature = field(&mut signature)?.try_into().ok()?;
        let fits = made_for? == namespace.as_bytes() && kind == KIND && rest.is_empty();
        fits.then(|| {
            Some(Self { bytes: bytes.to_owned(), namespace, key: key?.to_owned(), hash, signature })
        })?
    }

    /// The whole of it.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The public key that made it, as OpenSSH writes keys.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Whether it is over these bytes.
    pub(super) fn is_over(&self, signed: &[u8]) -> bool {
        let (name, hash) = match self.hash {
            Hash::Sha256 => ("sha256", Sha256::digest(signed).to_vec()),
            Hash::Sha512 => ("sha512", Sha512::digest(signed).to_vec()),
        };
        let mut bytes = MAGIC.to_vec();
        for field in [self.namespace.as_bytes(), b"", name.as_bytes(), &hash] {
            bytes.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend_from_slice(field);
        }
        let signature = Signature::from_bytes(&self.signature);
        verifying_key(&self.key).is_some_and(|key| key.verify_strict(&bytes, &signature).is_ok())
    }
}

fn verifying_key(key: &[u8]) -> Option<VerifyingKey> {
    let mut rest = key;
    let kind = field(&mut rest)?;
    let point: [u8; 32] = field(&mut rest)?.try_into().ok()?;
    VerifyingKey::from_bytes(&point).ok().filter(|_| kind == KIND && rest.is_empty())
}

/// The next length and its bytes.
fn field<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, after) = rest.split_at_checked(4)?;
    let length = usize::try_from(u32::from_be_bytes(length.try_into().ok()?)).ok()?;
    let (field, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(field)
}

/// As OpenSSH shows keys: `SHA256:` and base64.
pub(super) fn fingerprint(key: &[u8]) -> String {
    format!("SHA256:{}", BASE64_NOPAD.encode(&Sha256::digest(key)))
}

/// The system's `ssh-keygen`, with all that it sees.
#[derive(Debug, Clone)]
pub struct Keygen {
    /// Its path.
    pub program: PathBuf,
    /// `HOME` and `SSH_AUTH_SOCK` matter.
    pub environment: BTreeMap<OsString, OsString>,
    /// Starts it.
    pub spawner: Spawner,
}

/// Nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// `ssh-keygen` cannot be run.
    #[error(transparent)]
    NotRun(#[from] CaptureError),
    /// There is no folder for what is to be signed.
    #[error("nothing can be written where signatures are made")]
    Folder(#[source] std::io::Error),
    /// It refuses.
    #[error("ssh-keygen signs nothing with {}: {said}", key.display())]
    Refused {
        /// The key.
        key: PathBuf,
        /// Its last words.
        said: String,
    },
    /// The key is of another kind.
    #[error("{} is no ed25519 key", .0.display())]
    OtherKind(PathBuf),
}

impl Keygen {
    /// Signs with a key: a private one, or a public one whose private half the agent holds. Nobody is asked for a passphrase.
    pub(super) async fn sign(
        &self,
        namespace: &'static str,
        bytes: &[u8],
        key: &Path,
    ) -> Result<SshSignature, SignError> {
        let folder = tempfile::tempdir().map_err(SignError::Folder)?;
        let file = folder.path().join("statement");
        write(&file, bytes).map_err(SignError::Folder)?;
        let mut arguments: Vec<OsString> = ["-Y", "sign", "-n", namespace, "-f"].map(OsString::from).into();
        arguments.extend([key.as_os_str().to_owned(), file.as_os_str().to_owned()]);
        let mut environment = self.environment.clone();
        environment.extend([("LC_ALL".into(), "C".into()), ("SSH_ASKPASS_REQUIRE".into(), "never".into())]);
        let folder_of = folder.path().to_owned();
        let program =
            Program { path: self.program.clone(), arguments, environment, folder: folder_of, memory: None };
        let captured = self.spawner.answer(&program, Some(b""), LIMIT, 64 << 10).await?;
        let armor = read(&file.with_extension("sig")).unwrap_or_default();
        let said = String::from_utf8_lossy(&captured.stderr);
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
        let signature = unarmored(&armor)
            .ok_or_else(|| SignError::Refused { key: key.to_owned(), said: last.trim().to_owned() })?;
        SshSignature::parse(namespace, &signature).ok_or_else(|| SignError::OtherKind(key.to_owned()))
    }
}

#[expect(clippy::disallowed_methods, reason = "what is to be signed, in a folder of its own")]
fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    fs::write(file, bytes)
}

#[expect(clippy::disallowed_methods, reason = "what was signed, in a folder of its own")]
fn read(file: &Path) -> std::io::Result<String> {
    fs::read_to_string(file)
}

fn unarmored(armor: &str) -> Option<Vec<u8>> {
    let body = armor.trim().strip_prefix("-----BEGIN SSH SIGNATURE-----")?;
    let body = body.strip_suffix("-----END SSH SIGNATURE-----")?;
    BASE64.decode(body.split_whitespace().collect::<String>().as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_signature_is_none() {
        for bytes in [b"".as_slice(), b"SSHSIG", b"SSHSIG\0\0\0\x01\0\0\xff\xffx", b"SSHSIG\0\0\0\x02"] {
            assert_eq!(SshSignature::parse("seaworthy-evidence", bytes), None);
        }
    }
}
