//! What is known of an accelerator once it was probed.
//!
//! Flows in: what a look or a boot came to. Flows out: the nouns that callers branch on. Must not: probe.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Accelerator, kernel::NoKernel};
use crate::qemu::NoQemu;

/// What is known of one accelerator.
#[derive(Debug)]
pub enum Answer {
    /// A kernel came up.
    Works(Works),
    /// It is there, and no kernel comes up with it.
    Unusable(Unusable),
    /// This computer, or this QEMU, does not have it.
    Absent {
        /// Why that is said.
        why: String,
    },
    /// It is there, and this user may not use it.
    NoPermission {
        /// What may not be used, and what the system said.
        why: String,
    },
    /// It could not be tried.
    CannotTell(CannotTell),
}

/// A kernel came up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Works {
    /// The kernel that was booted.
    pub kernel: PathBuf,
    /// From the start of QEMU until the kernel looked for its root file system.
    pub took: Duration,
}

/// No kernel came up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unusable {
    /// What happened instead.
    pub why: String,
    /// The last lines of the guest's console and of QEMU, at most eight.
    pub last_lines: Vec<String>,
}

/// Why an accelerator could not be tried.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CannotTell {
    /// There is no QEMU that answers.
    #[error("there is no QEMU to try it with")]
    NoQemu(#[source] Arc<NoQemu>),
    /// There is no kernel to boot.
    #[error("there is no kernel to try it with")]
    NoKernel(#[source] Arc<NoKernel>),
    /// QEMU could not be run to its end.
    #[error("QEMU could not be run")]
    Run(#[source] Arc<io::Error>),
    /// The kernel does not come up emulated either, so that its silence says nothing.
    #[error("the kernel {} does not come up without an accelerator either", .0.display())]
    BadKernel(PathBuf),
}

/// What is known of this computer's accelerators.
#[derive(Debug)]
pub struct Answers {
    /// The hardware's, where the operating system has one.
    pub hardware: Option<(Accelerator, Answer)>,
    /// Emulation's.
    pub emulation: Answer,
}

impl Answers {
    /// The fastest one that works.
    #[must_use]
    pub fn best(&self) -> Option<(Accelerator, &Works)> {
        let hardware = self.hardware.as_ref().map(|(accelerator, answer)| (*accelerator, answer));
        let all = hardware.into_iter().chain([(Accelerator::Tcg, &self.emulation)]);
        all.into_iter().find_map(|(accelerator, answer)| match answer {
            Answer::Works(works) => Some((accelerator, works)),
            _ => None,
        })
    }
}

impl From<CannotTell> for Answer {
    fn from(why: CannotTell) -> Self {
        Self::CannotTell(why)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Answer, Answers, Works};
    use crate::accelerator::Accelerator;

    fn works() -> Answer {
        Answer::Works(Works { kernel: "/boot/vmlinuz".into(), took: Duration::from_secs(2) })
    }

    #[test]
    fn the_best_is_the_hardware_where_it_works() {
        let answers = |hardware| Answers { hardware: Some((Accelerator::Kvm, hardware)), emulation: works() };
        let best = |hardware| answers(hardware).best().map(|(accelerator, _)| accelerator);
        assert_eq!(best(works()), Some(Accelerator::Kvm));
        assert_eq!(best(Answer::Absent { why: String::new() }), Some(Accelerator::Tcg));
    }
}
