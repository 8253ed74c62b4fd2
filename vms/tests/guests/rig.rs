//! What the tests stand on: QEMU, a kernel, and a system of busybox that does as a test says.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;
use vms::{
    accelerator::{Accelerator, kernel::Kernel},
    channel::backdoor::Backdoor,
    folder::Folder,
    guest::{End, Guest, StartError},
    machine::{Boot, Machine},
    qemu::Qemu,
};

use super::newc::Archive;

/// How long anything may take on a loaded computer without an accelerator.
pub(crate) const LIMIT: Duration = Duration::from_secs(150);

const QEMU_REMEDY: &str = "these tests need QEMU: run `ci/run test`, or install qemu-system-x86";
const KERNEL_REMEDY: &str = "these tests need a kernel: run `ci/run test`, or name one by SEAWORTHY_KERNEL";
const BUSYBOX_REMEDY: &str = "these tests need busybox: run `ci/run test`, or install busybox-static";

pub(crate) fn qemu() -> Qemu {
    Qemu::find(&env::var_os("PATH").unwrap_or_default(), Duration::from_secs(10)).expect(QEMU_REMEDY)
}

pub(crate) fn kernel() -> PathBuf {
    let named = env::var_os("SEAWORTHY_KERNEL").map(PathBuf::from);
    let home = env::var_os("HOME").map_or_else(|| PathBuf::from("/root"), PathBuf::from);
    let cache = env::var_os("XDG_CACHE_HOME").map_or_else(|| home.join(".cache"), PathBuf::from);
    match named {
        Some(path) => Kernel::choose(Some(&path), Path::new("/")),
        None => Kernel::choose(None, &cache.join("seaworthy/kernel")),
    }
    .expect(KERNEL_REMEDY)
    .path
}

/// Those of the drivers that this kernel has as modules, in the order in which they need each other.
const MODULES: [&str; 13] = [
    "virtio",
    "virtio_ring",
    "virtio_pci_legacy_dev",
    "virtio_pci_modern_dev",
    "virtio_pci",
    "virtio_blk",
    "virtio_console",
    "virtio-rng",
    "failover",
    "net_failover",
    "virtio_net",
    "button",
    "evdev",
];

/// What a guest does after its start: nothing but what `then` says, in a shell. It has these programs of this computer
/// as well, with the libraries that they need.
pub(crate) fn initramfs(then: &str, programs: &[&str]) -> Vec<u8> {
    let mut archive = Archive::default();
    for folder in ["bin", "dev", "proc", "sys", "run", "tmp", "modules"] {
        archive.folder(folder);
    }
    archive.character_device("dev/console", 5, 1);
    archive.file("bin/busybox", 0o755, &fs::read(busybox()).expect(BUSYBOX_REMEDY));
    for path in programs.iter().flat_map(|program| with_libraries(program)) {
        archive.folders_above(&path);
        archive.file(path.trim_start_matches('/'), 0o755, &fs::read(&path).unwrap());
    }
    let (mut insert, modules) = (String::new(), modules_of(&kernel()));
    for module in MODULES {
        let path = modules.iter().find(|path| path.file_stem().is_some_and(|stem| stem == module));
        if let Some(path) = path {
            archive.file(&format!("modules/{module}.ko"), 0o644, &fs::read(path).unwrap());
            insert += &format!("insmod /modules/{module}.ko\n");
        }
    }
    let init = format!(
        "#!/bin/busybox sh\n/bin/busybox --install -s /bin\nexport PATH=/bin\n\
         mount -t proc none /proc\nmount -t sysfs none /sys\nmount -t devtmpfs none /dev\n\
         {insert}{then}\nexec sleep 1000000\n"
    );
    archive.file("init", 0o755, init.as_bytes());
    archive.finish()
}

/// As nixpkgs' test-instrumentation.nix opens it.
pub(crate) const BACKDOOR: &str = "\
setsid sh -c 'exec </dev/hvc0 >/dev/hvc0 2>/dev/ttyS0; stty raw -echo; export PS1=
echo \"Spawning backdoor root shell...\"; exec sh' &
";

/// It heeds its power button, of which the kernel tells by an input device.
pub(crate) const POWER_BUTTON: &str = "\
for event in /dev/input/event*; do exec 3<$event; (dd of=/dev/null bs=24 count=1 && poweroff -f) <&3 & done
";

fn busybox() -> PathBuf {
    on_path("busybox").expect(BUSYBOX_REMEDY)
}

pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// A program's own path, and those of its libraries and its loader, as ldd(1) tells them.
fn with_libraries(name: &str) -> Vec<String> {
    let program = on_path(name).unwrap_or_else(|| panic!("these tests need {name}: run `ci/run test`"));
    let said = Command::new("ldd").arg(&program).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let libraries = said.split_whitespace().filter(|word| word.starts_with('/')).map(str::to_owned);
    libraries.chain([program.to_string_lossy().into_owned()]).collect()
}

/// Beside the kernel's own folder, as `unpack-kernel.sh` leaves them and systems have them.
fn modules_of(kernel: &Path) -> Vec<PathBuf> {
    let name = kernel.file_name().unwrap().to_string_lossy().replace("vmlinuz-", "");
    let beside = kernel.ancestors().nth(2).unwrap_or(Path::new("/")).join("lib/modules").join(name);
    let (mut found, mut folders) = (Vec::new(), vec![beside]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                found.push(entry.path());
            }
        }
    }
    found
}

/// Where the guests of one test live.
pub(crate) struct Rig {
    place: TempDir,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self { place: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn folders(&self) -> PathBuf {
        self.place.path().join("g")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// A machine that does as `then` says.
    pub(crate) fn machine(&self, then: &str) -> Machine {
        self.machine_with(then, &[])
    }

    /// One that has these programs of this computer as well.
    pub(crate) fn machine_with(&self, then: &str, programs: &[&str]) -> Machine {
        let initrd = tempfile::Builder::new().suffix(".cpio").tempfile_in(self.place.path()).unwrap();
        fs::write(initrd.path(), initramfs(then, programs)).unwrap();
        let (_, initrd) = initrd.keep().unwrap();
        let boot = Boot {
            kernel: kernel(),
            initrd: Some(initrd),
            command_line: "console=ttyS0 quiet panic=-1 no_timer_check".into(),
        };
        Machine { memory: 256, backdoor: true, ..Machine::new("busybox", Accelerator::Tcg, boot) }
    }

    pub(crate) async fn try_start(&self, machine: &Machine) -> Result<Guest, StartError> {
        Guest::start(&qemu(), machine, Folder::create(&self.folders()).unwrap()).await
    }

    pub(crate) async fn start(&self, machine: &Machine) -> Guest {
        self.try_start(machine).await.unwrap()
    }

    /// A guest whose shell answers.
    pub(crate) async fn shell(&self) -> (Guest, Backdoor) {
        let guest = self.start(&self.machine(BACKDOOR)).await;
        let backdoor = guest.backdoor(LIMIT).await.unwrap_or_else(|error| panic!("{error}"));
        (guest, backdoor)
    }

    /// QEMUs whose arguments name this rig.
    pub(crate) fn qemus(&self) -> Vec<u32> {
        let here = self.place.path().to_string_lossy().into_owned();
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
        let mentions = |number: &u32| {
            let line = fs::read(format!("/proc/{number}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(&here) && line.starts_with(b"/")
        };
        numbers.filter(mentions).collect()
    }

    #[track_caller]
    pub(crate) fn assert_no_qemu(&self) {
        let began = std::time::Instant::now();
        while !self.qemus().is_empty() {
            assert!(began.elapsed() < Duration::from_secs(5), "{:?} still run", self.qemus());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Set where a test runs again, with mounts of its own.
const MOUNTS: &str = "VMS_TEST_HAS_OWN_MOUNTS";

/// Whether this process has mounts of its own, which nobody else sees and which go with it. The first time it has not:
/// then the test of this name is run once more where it has, and was right if it is right there.
pub(crate) fn has_own_mounts(test: &str) -> bool {
    if env::var_os(MOUNTS).is_some() {
        return true;
    }
    let status = Command::new("unshare")
        .args(["--map-root-user", "--mount", "--propagation", "private"])
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(MOUNTS, "1")
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    false
}

pub(crate) fn mount(arguments: &[&str], on: &Path) {
    let status = Command::new("mount").args(arguments).arg(on).status().unwrap();
    assert!(status.success(), "mount {arguments:?} {}: {status}", on.display());
}

/// A folder with this many KiB of room.
pub(crate) fn small_disk(on: &Path, kib: u32) {
    fs::create_dir_all(on).unwrap();
    mount(&["-t", "tmpfs", "-o", &format!("size={kib}k,mode=700"), "none"], on);
}

pub(crate) async fn ended(guest: &Guest) -> End {
    tokio::time::timeout(LIMIT, guest.ended()).await.expect("the guest must end")
}
