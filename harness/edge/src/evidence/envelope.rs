//! DSSE envelopes: a statement and a signature over it.
//!
//! Flows in: bytes. Flows out: what was attested and by whom, or why it does not count. Must not: believe a key's name in it:
//! what counts is the key that the signature itself was made with, and that it is one of the fleet's signers.
//! <https://github.com/secure-systems-lab/dsse/blob/master/protocol.md>

use data_encoding::BASE64;
use model::promotion::Signer;
use serde::{Deserialize, Serialize};

use super::{
    signature::{SshSignature, fingerprint},
    statement::Attested,
};

const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

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
    /// What has to be signed: DSSE's pre-authentication encoding.
    #[must_use]
    pub fn to_sign(payload: &[u8]) -> Vec<u8> {
        let mut bytes =
            format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
        bytes.extend_from_slice(payload);
        bytes
    }

    /// A statement that was signed.
    #[must_use]
    pub(super) fn new(payload: &[u8], signature: &SshSignature) -> Self {
        let signature =
            Signature { keyid: fingerprint(signature.key()), sig: BASE64.encode(signature.bytes()) };
        let payload_type = PAYLOAD_TYPE.to_owned();
        Self { payload: BASE64.encode(payload), payload_type, signatures: vec![signature] }
    }

    /// What a file claims, and whether any of the signers says so. A claim that is refused is still told, so that whoever
    /// misses it learns why.
    pub(super) fn judge(bytes: &[u8], signers: &[Signer]) -> (Option<Attested>, Result<String, Refused>) {
        let payload = match Self::open(bytes) {
            Ok((envelope, payload)) => (envelope, payload),
            Err(why) => return (None, Err(Refused::NotEvidence(why))),
        };
        let (envelope, payload) = payload;
        match Attested::read(&payload) {
            Ok(claimed) => (Some(claimed), envelope.signer(&payload, signers)),
            Err(why) => (None, Err(Refused::NotEvidence(why))),
        }
    }

    fn open(bytes: &[u8]) -> Result<(Self, Vec<u8>), String> {
        let envelope: Self =
            serde_json::from_slice(bytes).map_err(|error| format!("no envelope: {error}"))?;
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(format!("its payload is of the type {}", envelope.payload_type));
        }
        let payload =
            BASE64.decode(envelope.payload.as_bytes()).map_err(|error| format!("its payload: {error}"))?;
        Ok((envelope, payload))
    }

    /// The name of a signer who signed exactly this.
    fn signer(&self, payload: &[u8], signers: &[Signer]) -> Result<String, Refused> {
        let mut worst = Refused::Unsigned;
        for Signature { sig, .. } in &self.signatures {
            let signature = BASE64.decode(sig.as_bytes()).ok().and_then(|bytes| SshSignature::parse(&bytes));
            let Some(signature) = signature else { continue };
            let key = BASE64.encode(signature.key());
            match signers.iter().find(|signer| signer.key == key) {
                Some(signer) if signature.is_over(&Self::to_sign(payload)) => return Ok(signer.name.clone()),
                Some(signer) => worst = Refused::Tampered(signer.name.clone()),
                None if worst == Refused::Unsigned => worst = Refused::Foreign(fingerprint(signature.key())),
                None => {}
            }
        }
        Err(worst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_as_dsse_has_it() {
        let expected = "DSSEv1 28 application/vnd.in-toto+json 5 hello";
        assert_eq!(Envelope::to_sign(b"hello"), expected.as_bytes());
    }
}
