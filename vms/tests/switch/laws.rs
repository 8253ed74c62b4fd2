//! Whoever sends what, at the same time, over real sockets: each guest gets what is for it, in order, and nothing else.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*};
use vms::switch::{
    Switch,
    frame::Frame,
    handle::Handle,
    line::Line,
    mac::Mac,
    nic::{Nic, Receiving, Sending},
    topology::Topology,
};

use super::{LIMIT, frame, mac, network, number};

const GUESTS: [&str; 4] = ["a", "b", "c", "d"];
/// The same names and addresses in both.
const NETWORKS: [&str; 2] = ["lan", "wan"];
const NOBODY: u8 = 0x77;
/// Numbers of the frames before all others and after them.
const HELLO: u32 = u32::MAX - 1;
const BYE: u32 = u32::MAX;

/// A frame that a guest sends, in the order in which they are numbered.
#[derive(Debug, Clone)]
struct Said {
    network: usize,
    from: usize,
    /// `None` is everybody.
    to: Option<u8>,
    length: usize,
}

impl Said {
    fn is_for(&self, guest: usize) -> bool {
        let to = self.to.map(usize::from).filter(|to| *to < GUESTS.len());
        guest != self.from && to.is_none_or(|to| to == guest)
    }
}

fn said() -> impl Strategy<Value = Said> {
    let to = prop_oneof![6 => (0..4_u8).prop_map(Some), 1 => Just(Some(NOBODY)), 2 => Just(None)];
    let said = |(network, from, to, length)| Said { network, from, to, length };
    (0..2_usize, 0..GUESTS.len(), to, 18..2000_usize).prop_map(said)
}

/// Reads until everybody else has said this, and tells what else came: the numbers, by the place of who sent them.
async fn hear_all(receiving: &mut Receiving, last: u32) -> BTreeMap<usize, Vec<u32>> {
    let (mut heard, mut ended) = (BTreeMap::<usize, Vec<u32>>::new(), 0);
    while ended < GUESTS.len() - 1 {
        let frame = receiving.receive().await.unwrap().expect("it is not closed");
        if number(&frame) == last {
            ended += 1;
        } else {
            heard.entry(frame.source().0[5].into()).or_default().push(number(&frame));
        }
    }
    heard
}

async fn everybody_says(sending: &mut [Sending], number: u32) {
    for (sending, of) in sending.iter_mut().zip((0..GUESTS.len() as u8).cycle()) {
        sending.send(&[frame(Mac::BROADCAST, mac(of), number, 60)]).await.unwrap();
    }
}

async fn heard_by_all(receiving: &mut [Receiving], last: u32) -> Vec<BTreeMap<usize, Vec<u32>>> {
    let mut heard = Vec::new();
    for receiving in receiving {
        heard.push(tokio::time::timeout(LIMIT, hear_all(receiving, last)).await.expect("all comes"));
    }
    heard
}

async fn settled(handles: &[Handle], sent: usize) {
    let heard = || -> u64 {
        let each = handles.iter().flat_map(|handle| handle.statistics().guests.into_values());
        each.map(|sent| sent.frames).sum()
    };
    while heard() < sent as u64 {
        tokio::task::yield_now().await;
    }
}

/// What each guest heard, those of the first network first.
async fn run(said: &[Said], cut: (usize, usize)) -> Vec<BTreeMap<usize, Vec<u32>>> {
    let folder = tempfile::tempdir().unwrap();
    let networks = NETWORKS.map(|name| (name.to_owned(), network(&GUESTS)));
    let switch = Switch::open(folder.path(), &Topology { seed: 0, networks: networks.into() }).unwrap();
    let handles = NETWORKS.map(|name| switch.network(name).unwrap());
    let (mut sending, mut receiving) = (Vec::new(), Vec::new());
    for (handle, guest) in handles.iter().flat_map(|handle| GUESTS.map(|guest| (handle, guest))) {
        let nic = Nic::connect(&handle.link(guest).unwrap().socket).await.unwrap();
        sending.push(nic.sending);
        receiving.push(nic.receiving);
    }
    switch.all_attached(LIMIT).await.unwrap();
    // From here on, it is known where everybody is.
    everybody_says(&mut sending, HELLO).await;
    heard_by_all(&mut receiving, HELLO).await;
    handles[0].set(GUESTS[cut.0], GUESTS[cut.1], Line::CUT).unwrap();

    let mut frames: Vec<Vec<Frame>> = vec![Vec::new(); sending.len()];
    for (said, number) in said.iter().zip(0..) {
        let to = said.to.map_or(Mac::BROADCAST, mac);
        let frame = frame(to, mac(said.from as u8), number, said.length);
        frames[said.network * GUESTS.len() + said.from].push(frame);
    }
    for (sending, frames) in sending.iter_mut().zip(&frames) {
        sending.send(frames).await.unwrap();
    }
    let settled = settled(&handles, NETWORKS.len() * GUESTS.len() + said.len());
    tokio::time::timeout(LIMIT, settled).await.expect("all is heard");
    handles.iter().for_each(Handle::clear);
    everybody_says(&mut sending, BYE).await;
    heard_by_all(&mut receiving, BYE).await
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn each_guest_gets_what_is_for_it(
        said in vec(said(), 0..120),
        cut in (0..4_usize, 1..4_usize).prop_map(|(from, step)| (from, (from + step) % 4)),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let heard = runtime.block_on(run(&said, cut));
        let mut expected = vec![BTreeMap::<usize, Vec<u32>>::new(); heard.len()];
        for (said, number) in said.iter().zip(0..) {
            let is_cut = |to| said.network == 0 && (said.from, to) == cut;
            for to in (0..GUESTS.len()).filter(|to| said.is_for(*to) && !is_cut(*to)) {
                expected[said.network * GUESTS.len() + to].entry(said.from).or_default().push(number);
            }
        }
        prop_assert_eq!(heard, expected);
    }
}
