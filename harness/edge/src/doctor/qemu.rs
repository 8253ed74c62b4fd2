//! QEMU, and what guests really run with here: found by booting a kernel.
//!
//! Flows in: PATH, a kernel or none, the cache folder. Flows out: two items. Must not: guess from the presence of a
//! device.

use std::{ffi::OsStr, path::PathBuf, time::Duration};

use vms::{
    accelerator::{
        self, Accelerator, Answer, Answers, CannotTell, Request, Unusable, Works, kernel::NoKernel,
    },
    qemu::{NoQemu, OLDEST, Qemu},
};

use super::{
    Inputs,
    item::Item,
    tool::{LIMIT, blocking, chain},
};

const COSTS_QEMU: &str = "no check can boot a machine";
const COSTS_EMULATED: &str = "guests are emulated, and run several times slower";
/// For emulation to bring a kernel up: 2.5 s were measured on an idle machine of two processors, 8.5 s on a busy one.
const EMULATION_LIMIT: Duration = Duration::from_secs(15);
/// QEMU's version and then the slower boot.
const PROBE_LIMIT: Duration = Duration::from_secs(23);

pub(super) async fn items(inputs: &Inputs) -> [Item; 2] {
    let search_path = inputs.search_path.clone();
    let mut request = Request::new(search_path.clone());
    request.kernel = kernel(inputs);
    request.cache.clone_from(&inputs.cache);
    request.emulation_limit = EMULATION_LIMIT;
    let (qemu, answers) = tokio::join!(
        blocking(LIMIT + Duration::from_secs(1), move || Qemu::find(&search_path, LIMIT)),
        blocking(PROBE_LIMIT, move || accelerator::probe(&request)),
    );
    [qemu_item(qemu), accelerator_item(answers.as_ref())]
}

/// The kernel that the caller names, or the user.
fn kernel(inputs: &Inputs) -> Option<PathBuf> {
    let by_user = || inputs.environment.get(OsStr::new("SEAWORTHY_KERNEL")).filter(|path| !path.is_empty());
    inputs.kernel.clone().or_else(|| by_user().map(PathBuf::from))
}

fn qemu_item(qemu: Option<Result<Qemu, NoQemu>>) -> Item {
    const NAME: &str = "qemu";
    let remedy = format!("install {}, {OLDEST} or newer", vms::qemu::program_name());
    let missing = |found: String| Item::missing(NAME, found, COSTS_QEMU).remedy(remedy.clone());
    match qemu {
        Some(Ok(qemu)) => {
            let found = format!("QEMU {} at {}", qemu.version, qemu.program.display());
            if qemu.version >= OLDEST {
                return Item::good(NAME, found, COSTS_QEMU);
            }
            let costs = "guests may not start: nobody has tried with a QEMU that old";
            Item::degraded(NAME, found, costs).remedy(remedy)
        }
        Some(Err(why)) => missing(chain(&why)),
        None => missing("it gave no answer".to_owned()),
    }
}

fn accelerator_item(answers: Option<&Answers>) -> Item {
    const NAME: &str = "accelerator";
    let Some(answers) = answers else {
        return Item::degraded(NAME, "the probe gave no answer in time", COSTS_EMULATED);
    };
    let emulation = emulation(&answers.emulation);
    let (hardware, remedy) = match &answers.hardware {
        Some((accelerator, Answer::Works(works))) => {
            return Item::good(NAME, format!("{accelerator} works: {}", booted(works)), COSTS_EMULATED);
        }
        Some((accelerator, answer)) => (hardware(*accelerator, answer), advice(*accelerator, answer)),
        None => ("this operating system has none that QEMU knows".to_owned(), None),
    };
    // One reason for both is said once.
    let found = if hardware == emulation { hardware } else { format!("{hardware}; {emulation}") };
    let item = match &answers.emulation {
        Answer::CannotTell(CannotTell::NoKernel(_)) | Answer::Works(_) => {
            Item::degraded(NAME, found, COSTS_EMULATED)
        }
        _ => Item::missing(NAME, found, COSTS_QEMU),
    };
    Item { remedy, ..item }
}

fn hardware(accelerator: Accelerator, answer: &Answer) -> String {
    match answer {
        Answer::Works(works) => format!("{accelerator} works: {}", booted(works)),
        Answer::Unusable(unusable) => {
            format!("{accelerator} is there and unusable: {}", with_last_words(unusable))
        }
        Answer::Absent { why } | Answer::NoPermission { why } => format!("no {accelerator}: {why}"),
        Answer::CannotTell(why) => format!("cannot tell: {}", chain(why)),
    }
}

fn emulation(answer: &Answer) -> String {
    match answer {
        Answer::Works(works) => format!("emulation works: {}", booted(works)),
        Answer::Unusable(unusable) => format!("emulation fails: {}", with_last_words(unusable)),
        Answer::Absent { why } | Answer::NoPermission { why } => format!("no emulation: {why}"),
        Answer::CannotTell(why) => format!("cannot tell: {}", chain(why)),
    }
}

fn booted(works: &Works) -> String {
    let kernel = works.kernel.file_name().unwrap_or(works.kernel.as_os_str());
    format!("{} was up in {:.1} s", kernel.to_string_lossy(), works.took.as_secs_f32())
}

fn with_last_words(unusable: &Unusable) -> String {
    match unusable.last_lines.last() {
        Some(last) => format!("{} (last line: {last})", unusable.why),
        None => unusable.why.clone(),
    }
}

fn advice(accelerator: Accelerator, answer: &Answer) -> Option<String> {
    let kvm = accelerator == Accelerator::Kvm;
    Some(match answer {
        Answer::Absent { .. } if kvm => {
            "turn on virtualisation in the firmware and load kvm_intel or kvm_amd; in a virtual machine, have its host \
             allow nesting"
                .to_owned()
        }
        Answer::NoPermission { .. } if kvm => {
            "join the group that owns /dev/kvm, usually with `sudo usermod -aG kvm $USER`, and log in again".to_owned()
        }
        Answer::Unusable(_) if kvm => {
            "this often means a virtual machine whose host nests badly: see its host's settings, or go without".to_owned()
        }
        Answer::CannotTell(CannotTell::NoKernel(why)) => no_kernel(why),
        Answer::CannotTell(CannotTell::NoQemu(_)) => format!("install {}", vms::qemu::program_name()),
        _ => return None,
    })
}

fn no_kernel(why: &NoKernel) -> String {
    const NAME_ONE: &str = "name a kernel that can be read with SEAWORTHY_KERNEL";
    match why {
        NoKernel::NotFound { shut } if !shut.is_empty() => {
            let shut: Vec<_> = shut.iter().map(|path| path.display().to_string()).collect();
            format!("let your user read {}, or {NAME_ONE}", shut.join(" or "))
        }
        _ => NAME_ONE.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::doctor::State;

    fn works() -> Answer {
        Answer::Works(Works { kernel: "/boot/vmlinuz-6.1".into(), took: Duration::from_millis(2550) })
    }

    fn unusable() -> Answer {
        let why = "a guest's kernel did not say a word in 5 s".to_owned();
        Answer::Unusable(Unusable { why, last_lines: vec!["qemu: pni".to_owned()] })
    }

    fn no_kernel_at_all() -> Answer {
        CannotTell::NoKernel(Arc::new(NoKernel::NotFound { shut: vec!["/boot/vmlinuz-6.8".into()] })).into()
    }

    fn no_qemu() -> Answer {
        CannotTell::NoQemu(Arc::new(NoQemu::NotFound { name: "qemu-system-x86_64".to_owned() })).into()
    }

    fn item(hardware: Answer, emulation: Answer) -> Item {
        accelerator_item(Some(&Answers { hardware: Some((Accelerator::Kvm, hardware)), emulation }))
    }

    #[track_caller]
    fn check(item: &Item, state: State, found: &str, remedy: &str) {
        assert_eq!((item.state, item.found.as_str()), (state, found));
        let told = item.remedy.clone().unwrap_or_default();
        assert!(told.contains(remedy) && remedy.is_empty() == told.is_empty(), "{told:?}");
    }

    #[test]
    fn an_accelerator_that_boots_is_good() {
        check(&item(works(), works()), State::Good, "kvm works: vmlinuz-6.1 was up in 2.5 s", "");
    }

    #[test]
    fn one_that_is_there_and_does_not_boot_is_told_as_that() {
        let found = "kvm is there and unusable: a guest's kernel did not say a word in 5 s (last line: qemu: pni); \
                     emulation works: vmlinuz-6.1 was up in 2.5 s";
        check(&item(unusable(), works()), State::Degraded, found, "nests badly");
    }

    #[test]
    fn what_is_absent_or_shut_has_its_remedy() {
        let absent = Answer::Absent { why: "there is no /dev/kvm".to_owned() };
        let found = "no kvm: there is no /dev/kvm; emulation works: vmlinuz-6.1 was up in 2.5 s";
        check(&item(absent, works()), State::Degraded, found, "nesting");
        let shut = Answer::NoPermission { why: "/dev/kvm: permission denied".to_owned() };
        let found = "no kvm: /dev/kvm: permission denied; emulation works: vmlinuz-6.1 was up in 2.5 s";
        check(&item(shut, works()), State::Degraded, found, "usermod");
    }

    #[test]
    fn without_a_kernel_nobody_can_tell() {
        let item = item(no_kernel_at_all(), no_kernel_at_all());
        assert_eq!(item.state, State::Degraded);
        assert_eq!(item.found.matches("cannot tell").count(), 1, "{}", item.found);
        assert!(item.remedy.unwrap().contains("/boot/vmlinuz-6.8, or name"));
    }

    #[test]
    fn without_qemu_or_emulation_nothing_boots() {
        assert_eq!(item(no_qemu(), no_qemu()).state, State::Missing);
        assert_eq!(item(unusable(), unusable()).state, State::Missing);
        assert_eq!(accelerator_item(None).state, State::Degraded);
    }

    #[test]
    fn qemu_itself_is_there_old_or_missing() {
        let of = |version| qemu_item(Some(Ok(Qemu { program: "/usr/bin/q".into(), version })));
        let version = |major| vms::qemu::Version { major, minor: 9, micro: 1 };
        check(&of(version(10)), State::Good, "QEMU 10.9.1 at /usr/bin/q", "");
        check(&of(version(4)), State::Degraded, "QEMU 4.9.1 at /usr/bin/q", "7.2.0 or newer");
        let missing = qemu_item(Some(Err(NoQemu::NotFound { name: "q".to_owned() })));
        check(
            &missing,
            State::Missing,
            "no q on PATH: install QEMU, or put its folder on PATH",
            "install qemu-system-",
        );
        check(&qemu_item(None), State::Missing, "it gave no answer", "install");
    }
}
