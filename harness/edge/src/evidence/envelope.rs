//! DSSE envelopes: a statement, or somebody's word, and a signature over it.
//!
//! Flows in: bytes. Flows out: what was attested and by whom, or why it does not count. Must not: believe a key's name in it:
//! what counts is the key that the signature itself was made with, and that it is one of the fleet's signers.
//! <https://github.com/secure-systems-lab/dsse/blob/master/protocol.md>

use data_encoding::BASE64;
use model::promotion::Signer;
use serde::{Deserialize, Serialize};

use super::{
    signature::{Keygen, SignError, SshSignature, fingerprint},
    statement::Attested,
};

/// What an envelope holds. What was signed as one of them counts as no other: the type is under the signature, and so is what
/// OpenSSH calls its namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An in-toto statement of passes.
    Evidence,
    /// That somebody agrees to a wave.
    Approval,
}

impl Kind {
    fn payload_type(self) -> &'static str {
        match self {
            Self::Evidence => "application/vnd.in-toto+json",
            Self::Approval => "application/vnd.seaworthy.approval+json",
        }
    }

    pub(super) fn namespace(self) -> &'static str {
        match self {
            Self::Evidence => "seaworthy-evidence",
            Self::Approval => "seaworthy-approval",
        }
    }
}

/// A statement with its signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Signature {
    /// The fingerprint of the key. It is not authenticated.
    keyid: String,
    sig: String,
}

/// Why evidence does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no envelope of a statement.
    #[error("it is not evidence: {0}")]
    NotEvidence(String),
    /// Nobody signed it.
    #[error("nobody signed it")]
    Unsigned,
    /// Somebody did whom the fleet does not know.
    #[error("it is signed with a key that is none of the fleet's signers, {0}")]
    Foreign(String),
    /// What was signed is something else.
    #[error("it was changed after {0} had signed it")]
    Tampered(String),
    /// Its name is the digest of something else.
    #[error("its file was changed after it was filed")]
    Misfiled,
}

impl Envelope {
    /// What has to be signed.
    #[must_use]
    pub fn to_sign(kind: Kind, payload: &[u8]) -> Vec<u8> {
        pae(kind.payload_type(), payload)
    }

    /// Signs what is to be said.
    pub(super) async fn sign(
        kind: Kind,
        payload: &[u8],
        keygen: &Keygen,
        key: &std::path::Path,
    ) -> Result<Self, SignError> {
        let signature = keygen.sign(kind.namespace(), &Self::to_sign(kind, payload), key).await?;
        let signature =
            Signature { keyid: fingerprint(signature.key()), sig: BASE64.encode(signature.bytes()) };
        let payload_type = kind.payload_type().to_owned();
        Ok(Self { payload: BASE64.encode(payload), payload_type, signatures: vec![signature] })
    }

    /// What a file claims, and whether any of the signers says so. A claim that is refused is still told, so that whoever
    /// misses it learns why.
    pub(super) fn judge(bytes: &[u8], signers: &[Signer]) -> (Option<Attested>, Result<String, Refused>) {
        let (envelope, payload) = match Self::open(Kind::Evidence, bytes) {
            Ok(opened) => opened,
            Err(why) => return (None, Err(Refused::NotEvidence(why))),
        };
        match Attested::read(&payload) {
            Ok(claimed) => (Some(claimed), envelope.signer(Kind::Evidence, &payload, signers)),
            Err(why) => (None, Err(Refused::NotEvidence(why))),
        }
    }

    /// An envelope of this kind, with what it says.
    pub(super) fn open(kind: Kind, bytes: &[u8]) -> Result<(Self, Vec<u8>), String> {
        let envelope: Self =
            serde_json::from_slice(bytes).map_err(|error| format!("no envelope: {error}"))?;
        if envelope.payload_type != kind.payload_type() {
            return Err(format!("its payload is of the type {}", envelope.payload_type));
        }
        let payload =
            BASE64.decode(envelope.payload.as_bytes()).map_err(|error| format!("its payload: {error}"))?;
        Ok((envelope, payload))
    }

    /// The name of a signer who signed exactly this.
    pub(super) fn signer(&self, kind: Kind, payload: &[u8], signers: &[Signer]) -> Result<String, Refused> {
        let signed = Self::to_sign(kind, payload);
        let mut worst = Refused::Unsigned;
        for Signature { sig, .. } in &self.signatures {
            let bytes = BASE64.decode(sig.as_bytes()).ok();
            let signature = bytes.and_then(|bytes| SshSignature::parse(kind.namespace(), &bytes));
            let Some(signature) = signature else { continue };
            let key = BASE64.encode(signature.key());
            match signers.iter().find(|signer| signer.key == key) {
                Some(signer) if signature.is_over(&signed) => return Ok(signer.name.clone()),
                Some(signer) => worst = Refused::Tampered(signer.name.clone()),
                None if worst == Refused::Unsigned => worst = Refused::Foreign(fingerprint(signature.key())),
                None => {}
            }
        }
        Err(worst)
    }
}

/// DSSE's pre-authentication encoding.
fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_as_dsse_has_it() {
        let expected = "DSSEv1 28 application/vnd.in-toto+json 5 hello";
        assert_eq!(Envelope::to_sign(Kind::Evidence, b"hello"), expected.as_bytes());
    }
}
