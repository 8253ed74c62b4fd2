//! What makes a clone a guest of its own: the time, and random numbers that no other clone draws.
//!
//! Flows in: a nonce, a seed, the time. Flows out: a program for the guest, and commands that run it. Must not: need more
//! in the guest than a backdoor does.
//!
//! A kernel draws from a key that is in its memory, and so the same in each clone. Writing to `/dev/urandom` changes the
//! key only after up to a minute, QEMU's generation number (vmgenid) needs a driver that small kernels lack, and no
//! shell has an ioctl. So a guest that is saved has 340 bytes of our own in its memory, which also set the clock to the
//! nanosecond, and say the nonce. Sources: random(4), clock_settime(2), elf(5).

use std::{
    io::{self, Read as _},
    time::Duration,
};

/// Whether there is a program for guests of this computer.
pub(super) const POSSIBLE: bool = cfg!(target_arch = "x86_64");
/// Where the program may be, in memory. `/run` lets none run on some systems.
pub(super) const PLACES: [&str; 3] = ["/run/vms-wake", "/tmp/vms-wake", "/dev/shm/vms-wake"];

/// Random bytes of this computer.
pub(super) type Seed = [u8; 32];

pub(super) fn seed() -> io::Result<Seed> {
    let mut seed = Seed::default();
    std::fs::OpenOptions::new().read(true).open("/dev/urandom")?.read_exact(&mut seed)?;
    Ok(seed)
}

/// Runs the program. A line that a shell of busybox reads from a terminal has at most 1,023 bytes, with all that bounds
/// the command.
pub(super) fn command(place: &str, since_1970: Duration, seed: Seed) -> String {
    let time = [since_1970.as_secs(), since_1970.subsec_nanos().into()];
    // The seed's bits, and its bytes.
    let sizes = [256_u32, 32];
    let input = [time.map(u64::to_le_bytes).concat(), sizes.map(u32::to_le_bytes).concat(), seed.to_vec()];
    // `printf` is the shell's own: a program less to start.
    let octal: String = input.concat().iter().map(|byte| format!("\\{byte:03o}")).collect();
    format!("printf '{octal}' | {place} 3<>/dev/urandom")
}

/// What the program could not do, by its status.
pub(super) fn failure(status: i32) -> Option<&'static str> {
    match status {
        0 => None,
        1 => Some("what it is told"),
        2 => Some("the time"),
        3 | 4 => Some("a seed for its random numbers"),
        _ => Some("a program that sets its clock and reseeds it"),
    }
}

/// `read(0, input)`, `clock_settime(CLOCK_REALTIME, time)`, `ioctl(3, RNDADDENTROPY, seed)`, `ioctl(3, RNDRESEEDCRNG)`,
/// `write(1, nonce)`, `exit`. The input (the time, and 16 bytes behind it the seed) follows the code, and the nonce
/// follows it.
const CODE: [u8; 144] = [
    0xbb, 1, 0, 0, 0, // mov ebx, 1
    0x31, 0xff, // xor edi, edi
    0x48, 0x8d, 0x35, 130, 0, 0, 0, // lea rsi, [input]
    0xba, 56, 0, 0, 0, // mov edx, its length
    0x31, 0xc0, // xor eax, eax
    0x0f, 0x05, // syscall
    0x83, 0xf8, 56, // cmp eax, its length
    0x75, 103, // jne exit
    0xff, 0xc3, // inc ebx
    0x31, 0xff, // xor edi, edi
    0x48, 0x8d, 0x35, 105, 0, 0, 0, // lea rsi, [time]
    0xb8, 227, 0, 0, 0, // mov eax, clock_settime
    0x0f, 0x05, // syscall
    0x85, 0xc0, // test eax, eax
    0x75, 81, // jnz exit
    0xff, 0xc3, // inc ebx
    0xbf, 3, 0, 0, 0, // mov edi, 3
    0xbe, 0x03, 0x52, 0x08, 0x40, // mov esi, RNDADDENTROPY
    0x48, 0x8d, 0x15, 91, 0, 0, 0, // lea rdx, [seed]
    0xb8, 16, 0, 0, 0, // mov eax, ioctl
    0x0f, 0x05, // syscall
    0x85, 0xc0, // test eax, eax
    0x75, 51, // jnz exit
    0xff, 0xc3, // inc ebx
    0xbf, 3, 0, 0, 0, // mov edi, 3
    0xbe, 0x07, 0x52, 0, 0, // mov esi, RNDRESEEDCRNG
    0x31, 0xd2, // xor edx, edx
    0xb8, 16, 0, 0, 0, // mov eax, ioctl
    0x0f, 0x05, // syscall
    0x85, 0xc0, // test eax, eax
    0x75, 26, // jnz exit
    0xbf, 1, 0, 0, 0, // mov edi, 1
    0x48, 0x8d, 0x35, 83, 0, 0, 0, // lea rsi, [nonce]
    0xba, 19, 0, 0, 0, // mov edx, its length
    0xb8, 1, 0, 0, 0, // mov eax, write
    0x0f, 0x05, // syscall
    0x31, 0xdb, // xor ebx, ebx
    0x89, 0xdf, // exit: mov edi, ebx
    0xb8, 60, 0, 0, 0, // mov eax, exit
    0x0f, 0x05, // syscall
    0, 0, 0, 0,
];

/// The program: an ELF file of one segment, which is the whole file.
pub(super) fn program(nonce: &str) -> Vec<u8> {
    const HEADERS: u64 = 64 + 56;
    const AT: u64 = 0x40_0000;
    const INPUT: usize = 56;
    let size = HEADERS + (CODE.len() + INPUT + nonce.len()) as u64;
    let words = |words: &[u64]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
    [
        b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec(),
        words(&[AT + HEADERS, 64, 0]),
        vec![0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 64, 0, 0, 0, 0, 0],
        // PT_LOAD, to be read, written and run.
        vec![1, 0, 0, 0, 7, 0, 0, 0],
        words(&[0, AT, AT, size, size, 4096]),
        CODE.to_vec(),
        vec![0; INPUT],
        nonce.as_bytes().to_vec(),
    ]
    .concat()
}
