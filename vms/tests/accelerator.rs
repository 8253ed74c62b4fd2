//! The probe against the real QEMU with a real kernel.
//!
//! They are found as `ci/run test` puts them in place: QEMU on PATH, the kernel by `SEAWORTHY_KERNEL`, in seaworthy's
//! cache, or among the system's own.
#![expect(clippy::disallowed_methods, reason = "these tests meet the real computer")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what the tests stand on may fail them")]

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use vms::{
    accelerator::{
        Accelerator, Answer, Answers, CannotTell, Request, Unusable,
        boot::{Boot, boot},
        kernel::Kernel,
        memory::Memory,
        probe,
    },
    qemu::{OLDEST, Qemu},
};

const QEMU_REMEDY: &str = "these tests need QEMU: run `ci/run test`, or install qemu-system-x86";
const KERNEL_REMEDY: &str =
    "these tests need a kernel that root or not can read: run `ci/run test`, or name one by SEAWORTHY_KERNEL";

fn qemu() -> Qemu {
    Qemu::find(&env::var_os("PATH").unwrap_or_default(), Duration::from_secs(10)).expect(QEMU_REMEDY)
}

fn kernel() -> Kernel {
    let named = env::var_os("SEAWORTHY_KERNEL").map(PathBuf::from);
    let cached = || Kernel::choose(None, &cache_home().join("seaworthy/kernel"));
    match named {
        Some(path) => Kernel::choose(Some(&path), Path::new("/")),
        None => cached().or_else(|_| Kernel::choose(None, Path::new("/"))),
    }
    .expect(KERNEL_REMEDY)
}

fn cache_home() -> PathBuf {
    let home = env::var_os("HOME").map_or_else(|| PathBuf::from("/root"), PathBuf::from);
    env::var_os("XDG_CACHE_HOME").map_or_else(|| home.join(".cache"), PathBuf::from)
}

/// A request about the real QEMU and kernel, on a computer of which only `dev` and the boot's name are seen.
fn request(computer: &TempDir) -> Request {
    let mut request = Request::new(env::var_os("PATH").unwrap_or_default());
    request.kernel = Some(kernel().path);
    request.root = computer.path().to_owned();
    request.emulation_limit = Duration::from_secs(60);
    request
}

/// A computer without a KVM.
fn computer() -> TempDir {
    let computer = tempfile::tempdir().unwrap();
    let random = computer.path().join("proc/sys/kernel/random");
    fs::create_dir_all(&random).unwrap();
    fs::write(random.join("boot_id"), "one\n").unwrap();
    fs::create_dir(computer.path().join("dev")).unwrap();
    computer
}

fn took(answers: &Answers) -> Duration {
    match &answers.emulation {
        Answer::Works(works) => works.took,
        other => panic!("emulation must work everywhere: {other:?}"),
    }
}

/// QEMUs of this user that boot this kernel.
fn still_running(kernel: &Path) -> Vec<String> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(&*kernel.to_string_lossy()) && line.contains("-no-reboot")).collect()
}

/// The kernel under a name of its own, so that another test's QEMU is not taken for this one's.
fn own_kernel(computer: &TempDir) -> Kernel {
    let path = computer.path().join("kernel");
    fs::copy(kernel().path, &path).unwrap();
    Kernel::choose(Some(&path), computer.path()).unwrap()
}

#[test]
fn the_real_qemu_says_its_version() {
    assert!(qemu().version >= OLDEST, "{:?}", qemu());
}

#[test]
fn an_emulated_kernel_comes_up() {
    let answers = probe(&request(&computer()));
    let took = took(&answers);
    assert!(took > Duration::from_millis(100), "{took:?} is too short for a kernel");
    assert!(matches!(answers.best(), Some((Accelerator::Tcg, works)) if works.took == took));
    let hardware = answers.hardware.unwrap();
    assert!(matches!(hardware, (Accelerator::Kvm, Answer::Absent { .. })), "{hardware:?}");
}

#[test]
fn an_answer_is_remembered_and_costs_no_second_boot() {
    let (computer, cache) = (computer(), tempfile::tempdir().unwrap());
    let mut request = request(&computer);
    request.cache = Some(cache.path().join("accelerators"));
    let first = took(&probe(&request));
    let began = Instant::now();
    assert_eq!(took(&probe(&request)), first, "the remembered time, to the nanosecond");
    assert!(began.elapsed() < first, "remembering must be faster than booting");
}

#[test]
fn out_of_time_is_told_and_leaves_no_qemu() {
    let computer = computer();
    let kernel = own_kernel(&computer);
    let outcome = boot(&qemu(), &kernel, Accelerator::Tcg, Duration::from_millis(400)).unwrap();
    assert!(matches!(outcome, Boot::OutOfTime { .. }), "{outcome:?}");
    assert_eq!(still_running(&kernel.path), Vec::<String>::new());
}

#[test]
fn a_kernel_that_comes_up_leaves_no_qemu() {
    let computer = computer();
    let kernel = own_kernel(&computer);
    let outcome = boot(&qemu(), &kernel, Accelerator::Tcg, Duration::from_secs(60)).unwrap();
    assert!(matches!(outcome, Boot::Up { .. }), "{outcome:?}");
    assert_eq!(still_running(&kernel.path), Vec::<String>::new());
}

#[test]
fn what_qemu_was_built_without_is_absent() {
    let foreign = if cfg!(target_os = "macos") { Accelerator::Kvm } else { Accelerator::Hvf };
    let outcome = boot(&qemu(), &kernel(), foreign, Duration::from_secs(10)).unwrap();
    let Boot::Refused { said } = outcome else { panic!("{outcome:?}") };
    let answer = vms::accelerator::device::refusal(foreign, said);
    assert!(matches!(answer, Answer::Absent { .. }), "{answer:?}");
}

#[test]
fn the_real_kvm_gets_an_answer_in_time() {
    let mut request = request(&computer());
    request.root = PathBuf::from("/");
    let began = Instant::now();
    let answers = probe(&request);
    assert!(began.elapsed() < Duration::from_secs(65));
    let (_, answer) = answers.hardware.unwrap();
    // Which answer it is depends on the computer; that it is one does not.
    assert!(!matches!(answer, Answer::CannotTell(_)), "{answer:?}");
}

/// A computer whose KVM opens, so that QEMU is asked, with a file that is no kernel.
fn computer_with_bad_kernel() -> (TempDir, Request) {
    let computer = computer();
    // QEMU itself then meets the real device, or none.
    symlink("/dev/null", computer.path().join("dev/kvm")).unwrap();
    let mut request = request(&computer);
    let bad = computer.path().join("bad");
    // Nothing but idle instructions.
    fs::write(&bad, vec![0x90; 64 * 1024]).unwrap();
    request.kernel = Some(bad);
    request.hardware_limit = Duration::from_secs(2);
    request.emulation_limit = Duration::from_secs(2);
    (computer, request)
}

#[test]
fn a_file_that_is_no_kernel_is_not_held_against_the_hardware() {
    let (_computer, request) = computer_with_bad_kernel();
    let answers = probe(&request);
    assert!(answers.best().is_none(), "{answers:?}");
    let (_, hardware) = answers.hardware.unwrap();
    assert!(!matches!(hardware, Answer::Unusable(_)), "{hardware:?}");
}

#[test]
fn nor_is_what_was_remembered_of_such_a_kernel() {
    let (computer, mut request) = computer_with_bad_kernel();
    let cache = computer.path().join("cache");
    let kernel = Kernel::choose(request.kernel.as_deref(), &request.root).unwrap();
    let memory = Memory::open(&cache, &request.root, &qemu(), &kernel, Accelerator::Kvm).unwrap();
    memory.keep(&Answer::Unusable(Unusable { why: "silent".into(), last_lines: Vec::new() }));
    request.cache = Some(cache);
    let (_, hardware) = probe(&request).hardware.unwrap();
    assert!(matches!(hardware, Answer::CannotTell(CannotTell::BadKernel(_))), "{hardware:?}");
}

#[test]
fn no_qemu_and_no_kernel_are_told_apart() {
    let computer = computer();
    let mut without_qemu = request(&computer);
    without_qemu.search_path = computer.path().into();
    let answers = probe(&without_qemu);
    assert!(matches!(answers.emulation, Answer::CannotTell(CannotTell::NoQemu(_))), "{answers:?}");
    assert!(
        matches!(answers.hardware, Some((_, Answer::Absent { .. }))),
        "the missing device is still a fact"
    );

    let mut without_kernel = request(&computer);
    without_kernel.kernel = None;
    let answers = probe(&without_kernel);
    assert!(matches!(answers.emulation, Answer::CannotTell(CannotTell::NoKernel(_))), "{answers:?}");
}
