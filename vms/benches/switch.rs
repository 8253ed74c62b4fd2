//! What the switch costs: `cargo bench -p vms --bench switch`. A round trip between two cards in this process, what can
//! go from one to another, and how a network grows in which everybody speaks to everybody.
//!
//! The cards and the switch share one thread, so that all of the work is seen: two writes and two reads for a frame.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark takes and tells the time")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to tell")]

use std::time::{Duration, Instant};

use vms::switch::{
    Switch,
    frame::{Frame, LONGEST},
    mac::Mac,
    nic::Nic,
    topology::{Network, Topology},
};

const LIMIT: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    round_trip().await;
    println!("\n{:>8}  {:>12}  {:>12}", "bytes", "frames/s", "MB/s");
    for length in [60, 1514, LONGEST] {
        throughput(length).await;
    }
    println!("\n{:>8}  {:>12}  {:>14}", "ports", "deliveries", "for a delivery");
    for ports in [2, 4, 8, 16, 32, 64] {
        flood(ports).await;
    }
}

fn mac(number: usize) -> Mac {
    Mac([0x52, 0x54, 0, 0x12, 1, number as u8])
}

fn frame(to: Mac, of: Mac, length: usize) -> Frame {
    let mut bytes = [&to.0[..], &of.0, &[8, 0]].concat();
    bytes.resize(length, 0);
    Frame::new(&bytes).unwrap()
}

struct Lan {
    nics: Vec<Nic>,
    switch: Switch,
    _folder: tempfile::TempDir,
}

impl Lan {
    async fn new(size: usize) -> Self {
        let name = |number| format!("g{number:02}");
        let members = (0..size).map(|number| (name(number), mac(number))).collect();
        let network = Network { members, links: Vec::new() };
        let topology = Topology { seed: 0, networks: [("lan".to_owned(), network)].into() };
        let folder = tempfile::tempdir().unwrap();
        let switch = Switch::open(folder.path(), &topology).unwrap();
        let (lan, mut nics) = (switch.network("lan").unwrap(), Vec::new());
        for number in 0..size {
            nics.push(Nic::connect(&lan.link(&name(number)).unwrap().socket).await.unwrap());
        }
        switch.all_attached(LIMIT).await.unwrap();
        let mut lan = Self { nics, switch, _folder: folder };
        // It is known where everybody is.
        lan.round(60, 1).await;
        lan
    }

    /// Everybody sends this many frames to everybody, who takes them.
    async fn round(&mut self, length: usize, frames: usize) {
        let others = self.nics.len() - 1;
        for (number, nic) in self.nics.iter_mut().enumerate() {
            let frames = vec![frame(Mac::BROADCAST, mac(number), length); frames];
            nic.sending.send(&frames).await.unwrap();
        }
        for nic in &mut self.nics {
            for _ in 0..others * frames {
                nic.receiving.receive().await.unwrap().unwrap();
            }
        }
    }

    fn assert_none_dropped(&self) {
        let pairs = self.switch.network("lan").unwrap().statistics().pairs;
        let dropped: u64 = pairs.values().flat_map(|to| to.values()).map(|pair| pair.dropped.total()).sum();
        assert_eq!(dropped, 0, "all that is counted must have arrived");
    }
}

async fn round_trip() {
    let mut lan = Lan::new(2).await;
    let [a, b] = &mut lan.nics[..] else { return };
    let (there, back) = ([frame(mac(1), mac(0), 98)], [frame(mac(0), mac(1), 98)]);
    let mut took = Vec::new();
    for _ in 0..20_000 {
        let began = Instant::now();
        a.sending.send(&there).await.unwrap();
        b.receiving.receive().await.unwrap();
        b.sending.send(&back).await.unwrap();
        a.receiving.receive().await.unwrap();
        took.push(began.elapsed());
    }
    took.sort();
    println!(
        "a round trip: median {:.1?}, 99 of 100 in {:.1?}",
        took[took.len() / 2],
        took[took.len() / 100 * 99]
    );
}

async fn throughput(length: usize) {
    const BYTES: usize = 400_000_000;
    let mut lan = Lan::new(2).await;
    // No more at once than a socket and a queue hold.
    let window = (128 * 1024 / length).clamp(1, 256);
    let rounds = (BYTES / length).min(1_000_000) / window;
    let frames = vec![frame(mac(1), mac(0), length); window];
    let began = Instant::now();
    let [a, b] = &mut lan.nics[..] else { return };
    for _ in 0..rounds {
        let send = a.sending.send(&frames);
        let receive = async {
            for _ in 0..window {
                b.receiving.receive().await.unwrap().unwrap();
            }
        };
        tokio::join!(async { send.await.unwrap() }, receive);
    }
    let took = began.elapsed().as_secs_f64();
    lan.assert_none_dropped();
    let sent = (rounds * window) as f64;
    println!("{length:>8}  {:>12.0}  {:>12.0}", sent / took, sent * length as f64 / took / 1e6);
}

async fn flood(ports: usize) {
    const FRAMES: usize = 4;
    let mut lan = Lan::new(ports).await;
    let each = ports * (ports - 1) * FRAMES;
    let rounds = 400_000 / each;
    let began = Instant::now();
    for _ in 0..rounds {
        lan.round(1000, FRAMES).await;
    }
    let took = began.elapsed();
    lan.assert_none_dropped();
    let deliveries = rounds * each;
    println!("{ports:>8}  {deliveries:>12}  {:>14.2?}", took / deliveries as u32);
}
