//! Somebody's word that a wave may go, signed as evidence is.
//!
//! Flows in: what is agreed to, a key; or what was signed, and the keys that may. Flows out: an envelope; or who signed it, or why it
//! does not count. Must not: take a word about other closures, another wave or another promotion for one about these.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    machine::MachineName,
    promotion::Signer,
    rollout::{Closure, PromotionId},
};
use serde::{Deserialize, Serialize};

use super::{
    envelope::{Envelope, Kind, Refused},
    signature::{Keygen, SignError},
};

/// What is agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// In which promotion.
    pub promotion: PromotionId,
    /// To which wave.
    pub wave: String,
    /// What its machines are to run, as far as the promotion has them.
    pub closures: BTreeMap<MachineName, Closure>,
}

/// Why somebody's word does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAgreed {
    /// It is no such envelope.
    #[error("it is no approval: {0}")]
    NoApproval(String),
    /// Nobody signed it.
    #[error("nobody signed it")]
    Unsigned,
    /// Somebody did whose key the policy does not name.
    #[error("it is signed with a key that is none of `approvers`, {0}")]
    Foreign(String),
    /// What was signed is something else.
    #[error("it was changed after {0} had signed it")]
    Tampered(String),
    /// Somebody else signed it than it says.
    #[error("{0} signed it")]
    Another(String),
    /// It is about something else.
    #[error("{0} signed it for another wave or promotion")]
    Elsewhere(String),
    /// The promotion brings other closures than those.
    #[error("{0} signed it for other closures")]
    OtherClosures(String),
}

impl Approval {
    /// Signs it.
    ///
    /// # Errors
    /// Nothing was signed.
    pub async fn sign(&self, keygen: &Keygen, key: &std::path::Path) -> Result<String, SignError> {
        let payload = serde_json::to_vec(self).map_err(|error| SignError::Folder(error.into()))?;
        let envelope = Envelope::sign(Kind::Approval, &payload, keygen, key).await?;
        serde_json::to_string(&envelope).map_err(|error| SignError::Folder(error.into()))
    }

    /// Of which machines somebody said this, by what is signed.
    ///
    /// # Errors
    /// It does not count.
    pub fn said_by(
        &self,
        by: &str,
        signed: Option<&str>,
        approvers: &[Signer],
    ) -> Result<BTreeSet<MachineName>, NotAgreed> {
        match self.signer(signed.ok_or(NotAgreed::Unsigned)?, approvers)? {
            (who, said) if who == by => Ok(said),
            (who, _) => Err(NotAgreed::Another(who)),
        }
    }

    /// Who signed an envelope that says this, and of which machines; `self` may hold the closures of more.
    ///
    /// # Errors
    /// It does not count.
    pub fn signer(
        &self,
        signed: &str,
        approvers: &[Signer],
    ) -> Result<(String, BTreeSet<MachineName>), NotAgreed> {
        let (envelope, payload) =
            Envelope::open(Kind::Approval, signed.as_bytes()).map_err(NotAgreed::NoApproval)?;
        let who = envelope.signer(Kind::Approval, &payload, approvers).map_err(refused)?;
        let said: Self =
            serde_json::from_slice(&payload).map_err(|error| NotAgreed::NoApproval(error.to_string()))?;
        if (&said.promotion, &said.wave) != (&self.promotion, &self.wave) {
            return Err(NotAgreed::Elsewhere(who));
        }
        let same = |(name, closure)| self.closures.get(name) == Some(closure);
        if !said.closures.iter().all(same) {
            return Err(NotAgreed::OtherClosures(who));
        }
        Ok((who, said.closures.into_keys().collect()))
    }
}

fn refused(why: Refused) -> NotAgreed {
    match why {
        Refused::Unsigned => NotAgreed::Unsigned,
        Refused::Foreign(key) => NotAgreed::Foreign(key),
        Refused::Tampered(who) => NotAgreed::Tampered(who),
        other @ (Refused::NotEvidence(_) | Refused::Misfiled) => NotAgreed::NoApproval(other.to_string()),
    }
}
