//! Which accelerator guests really run with here, found by booting a kernel and not by looking at a device.
//!
//! A `/dev/kvm` can be there, open, create a machine, even run a boot sector, and still hang on the first real kernel
//! (a virtual machine whose host nests badly). So the question is put as the guests will put it: boot a kernel, and
//! wait for words that only a running kernel writes.
//!
//! Flows in: a [`Request`]. Flows out: an [`Answer`] an accelerator. Must not: read the environment, or leave a QEMU
//! behind.
//!
//! In the order in which data meets them: [`device`] (what needs no boot), [`kernel`] (what to boot), [`boot`] and
//! [`console`] (booting it), [`memory`] (not asking twice), [`answer`] (what is then known).

pub mod answer;
pub mod boot;
pub mod console;
pub mod device;
pub mod kernel;
pub mod memory;

use std::{
    ffi::OsString,
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    accelerator::{boot::Boot, kernel::Kernel, memory::Memory},
    qemu::Qemu,
};

pub use answer::{Answer, Answers, CannotTell, Unusable, Works};

/// What runs a guest's processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accelerator {
    /// The Linux kernel's.
    Kvm,
    /// macOS's Hypervisor framework.
    Hvf,
    /// None: QEMU translates every instruction.
    Tcg,
}

impl Accelerator {
    /// The hardware's, on this operating system.
    #[must_use]
    pub fn hardware() -> Option<Self> {
        match std::env::consts::OS {
            "linux" => Some(Self::Kvm),
            "macos" => Some(Self::Hvf),
            _ => None,
        }
    }

    /// As QEMU's `-accel` takes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Hvf => "hvf",
            Self::Tcg => "tcg",
        }
    }
}

impl fmt::Display for Accelerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What to probe with.
#[derive(Debug, Clone)]
pub struct Request {
    /// The value of PATH in which QEMU is looked for.
    pub search_path: OsString,
    /// The kernel to boot; else the best one below `root`.
    pub kernel: Option<PathBuf>,
    /// `/`, except in tests.
    pub root: PathBuf,
    /// Where answers are remembered until the next boot of this computer; nowhere if `None`.
    pub cache: Option<PathBuf>,
    /// How long a hardware-accelerated kernel may take to come up.
    pub hardware_limit: Duration,
    /// How long an emulated one may take.
    pub emulation_limit: Duration,
}

impl Request {
    /// A request with limits that were measured: a cloud kernel comes up in about 1 s with KVM, and in 2 to 4 s without
    /// any accelerator on a loaded machine of two cores.
    #[must_use]
    pub fn new(search_path: OsString) -> Self {
        Self {
            search_path,
            kernel: None,
            root: PathBuf::from("/"),
            cache: None,
            hardware_limit: Duration::from_secs(5),
            emulation_limit: Duration::from_secs(15),
        }
    }

    fn limit(&self, accelerator: Accelerator) -> Duration {
        match accelerator {
            Accelerator::Kvm | Accelerator::Hvf => self.hardware_limit,
            Accelerator::Tcg => self.emulation_limit,
        }
    }
}

/// Probes the hardware's accelerator and emulation at the same time. Emulation is the control: where the same kernel
/// comes up neither way, the kernel is at fault, and nothing is said of the hardware.
#[must_use]
pub fn probe(request: &Request) -> Answers {
    let (qemu, kernel) = match prepare(request) {
        Ok(ready) => ready,
        Err(why) => return unprepared(request, why),
    };
    let ask = |accelerator| ask(request, &qemu, &kernel, accelerator);
    let (hardware, emulation) = thread::scope(|scope| {
        let hardware =
            Accelerator::hardware().map(|accelerator| (accelerator, scope.spawn(move || ask(accelerator))));
        let emulation = ask(Accelerator::Tcg);
        let hardware = hardware.map(|(accelerator, thread)| (accelerator, thread.join()));
        (hardware, emulation)
    });
    let hardware = hardware.map(|(accelerator, asked)| {
        let asked = asked.unwrap_or_else(|_| Asked::not(io::Error::other("the probe's thread died")));
        (accelerator, asked.controlled_by(&emulation.answer, &kernel))
    });
    Answers { hardware, emulation: emulation.answer }
}

fn prepare(request: &Request) -> Result<(Qemu, Kernel), CannotTell> {
    const VERSION_LIMIT: Duration = Duration::from_secs(5);
    let qemu =
        Qemu::find(&request.search_path, VERSION_LIMIT).map_err(|why| CannotTell::NoQemu(Arc::new(why)))?;
    let kernel = Kernel::choose(request.kernel.as_deref(), &request.root);
    Ok((qemu, kernel.map_err(|why| CannotTell::NoKernel(Arc::new(why)))?))
}

/// Without QEMU or kernel: a device that is not there, or shut, is still a fact.
fn unprepared(request: &Request, why: CannotTell) -> Answers {
    let hardware = Accelerator::hardware().map(|accelerator| {
        let seen = device::look(accelerator, &request.root);
        (accelerator, seen.unwrap_or_else(|| why.clone().into()))
    });
    Answers { hardware, emulation: why.into() }
}

/// An answer, and whether the kernel that was booted may be to blame for it.
struct Asked {
    answer: Answer,
    blames_kernel: bool,
}

impl Asked {
    fn said(answer: Answer) -> Self {
        Self { answer, blames_kernel: false }
    }

    fn not(error: io::Error) -> Self {
        Self::said(CannotTell::Run(Arc::new(error)).into())
    }

    fn came_to(why: String, last_lines: Vec<String>) -> Self {
        Self { answer: Answer::Unusable(Unusable { why, last_lines }), blames_kernel: true }
    }

    fn controlled_by(self, emulation: &Answer, kernel: &Kernel) -> Answer {
        match (self.answer, emulation) {
            (answer @ Answer::Unusable(_), Answer::Works(_)) => answer,
            (Answer::Unusable(_), _) if self.blames_kernel => {
                CannotTell::BadKernel(kernel.path.clone()).into()
            }
            (answer, _) => answer,
        }
    }
}

fn ask(request: &Request, qemu: &Qemu, kernel: &Kernel, accelerator: Accelerator) -> Asked {
    if let Some(answer) = device::look(accelerator, &request.root) {
        return Asked::said(answer);
    }
    let memory = request.cache.as_deref();
    let memory = memory.and_then(|cache| Memory::open(cache, &request.root, qemu, kernel, accelerator));
    if let Some(answer) = memory.as_ref().and_then(Memory::recall) {
        return Asked { answer, blames_kernel: true };
    }
    match boot::boot(qemu, kernel, accelerator, request.limit(accelerator)) {
        Ok(boot) => {
            let certain = boot.is_certain();
            let asked = weigh(boot, kernel, accelerator);
            if let Some(memory) = memory.filter(|_| certain) {
                memory.keep(&asked.answer);
            }
            asked
        }
        Err(error) => Asked::not(error),
    }
}

fn weigh(boot: Boot, kernel: &Kernel, accelerator: Accelerator) -> Asked {
    match boot {
        Boot::Up { took } => Asked::said(Answer::Works(Works { kernel: kernel.path.clone(), took })),
        Boot::Refused { said } => Asked { answer: device::refusal(accelerator, said), blames_kernel: true },
        Boot::Reset { last_lines } => {
            Asked::came_to("the guest reset itself before its kernel was up".to_owned(), last_lines)
        }
        Boot::OutOfTime { limit, lines: 0, last_lines } => {
            let limit = limit.as_secs_f32();
            Asked::came_to(format!("a guest's kernel did not say a word in {limit} s"), last_lines)
        }
        Boot::OutOfTime { limit, lines, last_lines } => {
            let limit = limit.as_secs_f32();
            let why =
                format!("a guest's kernel was not up after {limit} s, though it had written {lines} lines");
            Asked::came_to(why, last_lines)
        }
    }
}

/// Below `root`, as an absolute path names it.
fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, time::Duration};

    use super::{Accelerator, Answer, Asked, Boot, CannotTell, Works, kernel::Kernel, weigh};

    fn kernel() -> Kernel {
        Kernel { path: "/boot/vmlinuz".into(), modified: std::time::SystemTime::UNIX_EPOCH, size: 1 }
    }

    fn works() -> Answer {
        Answer::Works(Works { kernel: kernel().path, took: Duration::from_secs(2) })
    }

    fn silent() -> Boot {
        Boot::OutOfTime { limit: Duration::from_secs(5), lines: 0, last_lines: Vec::new() }
    }

    fn asked(boot: Boot) -> Asked {
        weigh(boot, &kernel(), Accelerator::Kvm)
    }

    #[test]
    fn silence_counts_against_the_hardware_only_where_emulation_came_up() {
        let answer = asked(silent()).controlled_by(&works(), &kernel());
        let why = "a guest's kernel did not say a word in 5 s";
        assert!(matches!(&answer, Answer::Unusable(unusable) if unusable.why == why), "{answer:?}");

        let emulation = asked(silent()).answer;
        let answer = asked(silent()).controlled_by(&emulation, &kernel());
        let path = PathBuf::from("/boot/vmlinuz");
        assert!(
            matches!(&answer, Answer::CannotTell(CannotTell::BadKernel(bad)) if *bad == path),
            "{answer:?}"
        );
    }

    #[test]
    fn a_refusal_counts_against_the_hardware_only_where_emulation_came_up() {
        let refused = || asked(Boot::Refused { said: vec!["qemu: could not load kernel".into()] });
        let answer = refused().controlled_by(&works(), &kernel());
        assert!(matches!(answer, Answer::Unusable(_)), "{answer:?}");
        let answer = refused().controlled_by(&refused().answer, &kernel());
        assert!(matches!(answer, Answer::CannotTell(CannotTell::BadKernel(_))), "{answer:?}");
    }

    #[test]
    fn only_certain_ends_are_remembered() {
        let slow = Boot::OutOfTime { limit: Duration::from_secs(5), lines: 9, last_lines: Vec::new() };
        assert!(!slow.is_certain(), "a busy computer may have done that");
        assert!(!Boot::Reset { last_lines: Vec::new() }.is_certain());
        assert!(silent().is_certain());
        assert!(Boot::Up { took: Duration::ZERO }.is_certain());
    }
}
