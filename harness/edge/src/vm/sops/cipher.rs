//! Values as sops writes them: `ENC[AES256_GCM,data:..,iv:..,tag:..,type:str]`, and the seal over all of a file's.
//!
//! Flows in: plain values, each with the keys that lead to it. Flows out: what stands for them. Must not: draw a random
//! number.
//!
//! A value's nonce is a digest of its path and text, and the key of the data is always the same: what is made up has nothing
//! to hide, and has to be the same in each run.

use aes_gcm::{
    AesGcm, KeyInit as _,
    aead::{Aead as _, Payload, consts::U32},
    aes::Aes256,
};
use data_encoding::{BASE64, HEXUPPER};
use sha2::{Digest as _, Sha256, Sha512};

/// What the key of the data is a digest of. `data-key.age` holds that digest, encrypted to the key in `key.txt`.
const DATA_KEY: &str = "seaworthy: a made-up data key";
/// When a made-up file says that it was written.
pub(super) const WRITTEN: &str = "2000-01-01T00:00:00Z";

/// Encrypts one file.
pub(super) struct Cipher {
    aes: AesGcm<Aes256, U32>,
    seen: Sha512,
}

impl Cipher {
    pub(super) fn new() -> Self {
        Self { aes: AesGcm::new(&Sha256::digest(DATA_KEY)), seen: Sha512::new() }
    }

    /// The next value of the file, in the order in which they stand there.
    pub(super) fn value(&mut self, path: &[String], text: &str) -> String {
        self.seen.update(text);
        let joined: String = path.iter().map(|key| format!("{key}:")).collect();
        self.encrypt(&joined, text)
    }

    /// The seal over all values that were seen.
    pub(super) fn seal(&self) -> String {
        self.encrypt(WRITTEN, &HEXUPPER.encode(&self.seen.clone().finalize()))
    }

    fn encrypt(&self, about: &str, text: &str) -> String {
        let nonce = Sha256::new_with_prefix(about).chain_update([0]).chain_update(text).finalize();
        let payload = Payload { msg: text.as_bytes(), aad: about.as_bytes() };
        // AES-GCM refuses nothing shorter than 64 GiB.
        let sealed = self.aes.encrypt(&nonce, payload).unwrap_or_default();
        let (data, tag) = sealed.split_at(sealed.len().saturating_sub(16));
        format!(
            "ENC[AES256_GCM,data:{},iv:{},tag:{},type:str]",
            BASE64.encode(data),
            BASE64.encode(&nonce),
            BASE64.encode(tag)
        )
    }
}
