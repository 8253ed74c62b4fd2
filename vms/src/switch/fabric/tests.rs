//! The laws of a network, held to whatever guests and testers do.

use std::{collections::BTreeMap, time::Duration};

use proptest::{collection::vec, prelude::*};

use super::Fabric;
use crate::switch::{
    frame::{Decoder, Frame},
    line::Line,
    outbox::ROOM,
};

const PORTS: usize = 4;
/// Everybody, among the numbers of addresses.
const ALL: u8 = 9;

fn mac(number: u8) -> [u8; 6] {
    if number == ALL { [0xff; 6] } else { [2, 0, 0, 0, 0, number] }
}

fn frame(to: u8, of: u8, number: u32, length: usize) -> Vec<u8> {
    let mut bytes = [&mac(to)[..], &mac(of), &[8, 0], &number.to_be_bytes()].concat();
    bytes.resize(length.max(18), 0);
    bytes
}

fn fabric(seed: u64) -> Fabric {
    Fabric::new(seed, "lan", &["a", "b", "c", "d"])
}

/// One with a guest at each port.
fn full(seed: u64) -> Fabric {
    let mut fabric = fabric(seed);
    (0..PORTS).for_each(|port| fabric.attach(port));
    fabric
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// The numbers of the frames that a port gets now.
fn take(fabric: &mut Fabric, now: Duration, port: usize) -> Vec<u32> {
    let mut numbers = Vec::new();
    loop {
        let mut batch = Vec::new();
        fabric.take(now, port, &mut batch);
        if batch.is_empty() {
            return numbers;
        }
        let number = |bytes: &[u8]| u32::from_be_bytes(bytes[14..18].try_into().unwrap());
        Decoder::default().read(&batch, |bytes| numbers.push(number(bytes))).unwrap();
    }
}

fn send(fabric: &mut Fabric, now: Duration, from: usize, bytes: &[u8]) {
    fabric.receive(now, from, bytes, |_| {});
}

#[derive(Debug, Clone)]
enum Deed {
    Come(usize),
    Go(usize),
    Send { from: usize, of: u8, to: u8 },
    Line { from: usize, to: usize, line: Line },
    Sides(Vec<usize>),
    Down(usize, bool),
    Clear,
    Wait(u64),
    Take(usize),
}

fn pair() -> impl Strategy<Value = (usize, usize)> {
    (0..PORTS, 1..PORTS).prop_map(|(from, step)| (from, (from + step) % PORTS))
}

fn deed(line: impl Strategy<Value = Line> + 'static) -> impl Strategy<Value = Deed> {
    let address = prop_oneof![4 => 0..5_u8, 1 => Just(ALL)];
    prop_oneof![
        1 => (0..PORTS).prop_map(Deed::Come),
        1 => (0..PORTS).prop_map(Deed::Go),
        12 => (0..PORTS, 0..5_u8, address).prop_map(|(from, of, to)| Deed::Send { from, of, to }),
        2 => (pair(), line).prop_map(|((from, to), line)| Deed::Line { from, to, line }),
        1 => vec(0..2_usize, PORTS).prop_map(Deed::Sides),
        1 => (0..PORTS, any::<bool>()).prop_map(|(port, down)| Deed::Down(port, down)),
        1 => Just(Deed::Clear),
        3 => (0..40_u64).prop_map(Deed::Wait),
        4 => (0..PORTS).prop_map(Deed::Take),
    ]
}

fn any_line() -> impl Strategy<Value = Line> {
    let line = |(cut, delay_ms, jitter_ms, loss)| Line { cut, delay_ms, jitter_ms, loss };
    (prop::bool::weighted(0.2), 0..30_u32, 0..30_u32, prop_oneof![Just(0.0), 0.0..1.0]).prop_map(line)
}

fn cut_or_not() -> impl Strategy<Value = Line> {
    prop_oneof![Just(Line::CUT), Just(Line::default())]
}

/// A network, the time, and the port that each frame came from, by its number.
struct World {
    fabric: Fabric,
    now: Duration,
    sent: Vec<usize>,
}

impl World {
    fn new(seed: u64) -> Self {
        Self { fabric: full(seed), now: Duration::ZERO, sent: Vec::new() }
    }

    /// Does it, and tells what was taken: `(from, to, number)`.
    fn act(&mut self, deed: &Deed) -> Vec<(usize, usize, u32)> {
        let Self { fabric, now, sent } = self;
        match deed {
            Deed::Come(port) => fabric.attach(*port),
            Deed::Go(port) => fabric.detach(*now, *port),
            Deed::Send { from, of, to } => {
                send(fabric, *now, *from, &frame(*to, *of, sent.len() as u32, 60));
                sent.push(*from);
            }
            Deed::Line { from, to, line } => fabric.set_line(*now, *from, *to, *line),
            Deed::Sides(sides) => fabric.partition(*now, sides),
            Deed::Down(port, down) => fabric.set_down(*now, *port, *down),
            Deed::Clear => fabric.clear(*now),
            Deed::Wait(time) => *now += ms(*time),
            Deed::Take(to) => {
                let numbers = take(fabric, *now, *to).into_iter();
                return numbers.map(|number| (sent[number as usize], *to, number)).collect();
            }
        }
        Vec::new()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Said anew, in as few words as can be.
    #[test]
    fn frames_reach_exactly_the_right_ports(deeds in vec(deed(cut_or_not()), 0..80)) {
        let mut world = World::new(0);
        let mut seen_at: BTreeMap<u8, usize> = BTreeMap::new();
        let (mut there, mut down, mut sides) = ([true; PORTS], [false; PORTS], vec![0; PORTS]);
        let mut cut = [[false; PORTS]; PORTS];
        for deed in deeds {
            world.act(&deed);
            let mut expected = vec![Vec::new(); PORTS];
            match &deed {
                Deed::Come(port) => there[*port] = true,
                Deed::Go(port) => {
                    there[*port] = false;
                    seen_at.retain(|_, at| at != port);
                }
                Deed::Down(port, is) => down[*port] = *is,
                Deed::Sides(new) => sides.clone_from(new),
                Deed::Line { from, to, line } => cut[*from][*to] = line.cut,
                Deed::Clear => (down, sides, cut) = ([false; PORTS], vec![0; PORTS], [[false; PORTS]; PORTS]),
                Deed::Send { from, of, to } => {
                    if !down[*from] {
                        seen_at.insert(*of, *from);
                    }
                    for port in 0..PORTS {
                        let is_for = port != *from && seen_at.get(to).is_none_or(|at| *at == port);
                        let passes = !down[*from] && !down[port] && sides[*from] == sides[port] && !cut[*from][port];
                        if is_for && passes && there[port] {
                            expected[port].push(world.sent.len() as u32 - 1);
                        }
                    }
                }
                Deed::Wait(_) | Deed::Take(_) => {}
            }
            let got: Vec<_> = (0..PORTS).map(|port| take(&mut world.fabric, world.now, port)).collect();
            prop_assert_eq!(got, expected, "after {:?}", deed);
        }
    }

    #[test]
    fn order_is_kept_and_every_frame_is_accounted_for(seed: u64, deeds in vec(deed(any_line()), 0..150)) {
        let (mut world, mut got) = (World::new(seed), BTreeMap::<_, Vec<u32>>::new());
        // In the end all is cleared and waited for.
        let end = [Deed::Clear, Deed::Wait(1)].into_iter().chain((0..PORTS).map(Deed::Take));
        for deed in deeds.into_iter().chain(end) {
            let barred = |from, to| world.fabric.barred(from, to);
            let barred: Vec<Vec<_>> = (0..PORTS).map(|a| (0..PORTS).map(|b| barred(a, b)).collect()).collect();
            for (from, to, number) in world.act(&deed) {
                prop_assert_eq!(barred[from][to], None, "what is barred is silent");
                got.entry((from, to)).or_default().push(number);
            }
            for (from, to) in (0..PORTS).flat_map(|from| (0..PORTS).map(move |to| (from, to))) {
                let traffic = world.fabric.traffic(from, to);
                prop_assert_eq!(traffic.sent, traffic.delivered + traffic.dropped.total() + traffic.waiting);
                let delivered = got.get(&(from, to)).map_or(0, Vec::len) as u64;
                prop_assert_eq!((traffic.delivered, traffic.bytes), (delivered, delivered * 60));
            }
        }
        for ((from, to), numbers) in got {
            prop_assert!(from != to && numbers.is_sorted_by(|a, b| a < b), "{from} to {to}: {numbers:?}");
        }
        for pair in &world.fabric.pairs {
            prop_assert_eq!((pair.flying, pair.traffic.waiting), (0, 0), "nothing is left");
        }
    }

    #[test]
    fn what_befalls_one_direction_befalls_no_other(
        seed: u64,
        deeds in vec(deed(any_line()), 0..150),
        (from, to) in pair(),
        line in any_line(),
    ) {
        let run = |set: bool| {
            let mut world = World::new(seed);
            let first = if set { line } else { Line::default() };
            world.fabric.begin_with(from, to, first);
            let is_that = |deed: &&Deed| !matches!(deed, Deed::Line { from: a, to: b, .. } if (*a, *b) == (from, to));
            let got: Vec<_> = deeds.iter().filter(is_that).map(|deed| world.act(deed)).collect();
            let others = |(a, b, _): &(usize, usize, u32)| (*a, *b) != (from, to);
            got.into_iter().map(|taken| taken.into_iter().filter(others).collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        prop_assert_eq!(run(true), run(false));
    }

    #[test]
    fn a_seed_repeats_itself(seed: u64, deeds in vec(deed(any_line()), 0..80)) {
        let run = || {
            let mut world = World::new(seed);
            deeds.iter().map(|deed| world.act(deed)).collect::<Vec<_>>()
        };
        prop_assert_eq!(run(), run());
    }
}

#[test]
fn a_delay_is_as_long_as_it_says() {
    let mut fabric = full(0);
    fabric.set_line(ms(0), 0, 1, Line::delayed(50));
    send(&mut fabric, ms(7), 0, &frame(ALL, 0, 1, 60));
    assert_eq!(take(&mut fabric, ms(7), 2), [1], "the others do not wait");
    let mut batch = Vec::new();
    assert_eq!(fabric.take(ms(56), 1, &mut batch), Some(ms(57)));
    assert!(batch.is_empty());
    assert_eq!(take(&mut fabric, ms(57), 1), [1]);
}

#[test]
fn jitter_spreads_and_keeps_the_order() {
    let mut fabric = full(3);
    let line = Line { delay_ms: 10, jitter_ms: 20, ..Line::default() };
    fabric.set_line(ms(0), 0, 1, line);
    let arrival = |fabric: &mut Fabric, sent: u64| {
        send(fabric, ms(sent), 0, &frame(ALL, 0, 0, 60));
        let due = fabric.take(ms(sent), 1, &mut Vec::new()).unwrap();
        assert_eq!(take(fabric, due, 1), [0]);
        due - ms(sent)
    };
    let took: Vec<_> = (0..200).map(|n| arrival(&mut fabric, n * 1000)).collect();
    let (least, most) = (took.iter().min().unwrap(), took.iter().max().unwrap());
    assert!((ms(10)..ms(12)).contains(least) && (ms(28)..ms(30)).contains(most), "{least:?} {most:?}");
    let now = ms(1_000_000);
    (0..100).for_each(|number| send(&mut fabric, now, 0, &frame(ALL, 0, number, 60)));
    assert_eq!(take(&mut fabric, now + ms(30), 1), (0..100).collect::<Vec<_>>());
}

#[test]
fn a_line_that_gets_better_brings_forward_what_is_on_its_way() {
    let mut fabric = full(0);
    fabric.set_line(ms(0), 0, 1, Line::delayed(60_000));
    send(&mut fabric, ms(0), 0, &frame(ALL, 0, 1, 60));
    fabric.set_line(ms(100), 0, 1, Line::delayed(5));
    send(&mut fabric, ms(101), 0, &frame(ALL, 0, 2, 60));
    assert_eq!(take(&mut fabric, ms(105), 1), [1]);
    assert_eq!(take(&mut fabric, ms(106), 1), [2]);
    send(&mut fabric, ms(200), 0, &frame(ALL, 0, 3, 60));
    fabric.set_line(ms(200), 0, 1, Line::default());
    send(&mut fabric, ms(200), 0, &frame(ALL, 0, 4, 60));
    assert_eq!(take(&mut fabric, ms(200), 1), [3, 4]);
}

#[test]
fn clearing_brings_forward_as_well() {
    let mut fabric = full(0);
    fabric.set_line(ms(0), 0, 1, Line::delayed(60_000));
    send(&mut fabric, ms(0), 0, &frame(ALL, 0, 1, 60));
    fabric.clear(ms(1));
    assert_eq!(take(&mut fabric, ms(1), 1), [1]);
    send(&mut fabric, ms(2), 0, &frame(ALL, 0, 2, 60));
    assert_eq!(take(&mut fabric, ms(2), 1), [2]);
}

#[test]
fn each_direction_has_its_own_luck() {
    let mut fabric = full(0);
    (0..100).for_each(|number| {
        (1..PORTS).for_each(|to| fabric.set_line(ms(0), 0, to, Line::lossy(0.5)));
        send(&mut fabric, ms(0), 0, &frame(ALL, 0, number, 60));
    });
    let got: Vec<_> = (1..PORTS).map(|to| take(&mut fabric, ms(0), to)).collect();
    assert!(got[0] != got[1] && got[1] != got[2] && got[0] != got[2], "{got:?}");
}

#[test]
fn a_guest_that_does_not_read_loses_frames_and_holds_nobody_up() {
    let mut fabric = full(0);
    let mut got = 0;
    for number in 0..10_000 {
        send(&mut fabric, ms(0), 0, &frame(ALL, 0, number, 1000));
        got += take(&mut fabric, ms(0), 2).len();
    }
    let (slow, other) = (fabric.traffic(0, 1), fabric.traffic(0, 2));
    assert_eq!((got, other.delivered, other.dropped.total()), (10_000, 10_000, 0));
    assert_eq!((slow.waiting, slow.dropped.full), ((ROOM / 1064) as u64, 10_000 - (ROOM / 1064) as u64));
    assert_eq!(take(&mut fabric, ms(0), 1), (0..slow.waiting as u32).collect::<Vec<_>>());
    send(&mut fabric, ms(0), 0, &frame(ALL, 0, 10_000, 1000));
    assert_eq!(take(&mut fabric, ms(0), 1), [10_000], "there is room again");
    let send_much =
        |fabric: &mut Fabric| (0..1_000).for_each(|n| send(fabric, ms(0), 0, &frame(ALL, 0, n, 1000)));
    send_much(&mut fabric);
    fabric.set_line(ms(0), 0, 1, Line::CUT);
    fabric.set_line(ms(0), 0, 1, Line::default());
    send_much(&mut fabric);
    assert_eq!(take(&mut fabric, ms(0), 1).len() as u64, slow.waiting, "what was cut off left its room");
}

#[test]
fn a_line_that_is_full_of_late_frames_is_full_for_itself_only() {
    let mut fabric = full(0);
    fabric.set_line(ms(0), 0, 1, Line::delayed(10_000));
    (0..2_000).for_each(|number| send(&mut fabric, ms(0), 0, &frame(ALL, 0, number, 1000)));
    send(&mut fabric, ms(0), 2, &frame(ALL, 2, 2_000, 1000));
    assert_eq!(take(&mut fabric, ms(0), 1), [2_000]);
    let late = fabric.traffic(0, 1);
    assert_eq!((late.waiting, late.dropped.full), ((ROOM / 1064) as u64, 2_000 - (ROOM / 1064) as u64));
    assert_eq!(take(&mut fabric, ms(10_000), 1).len() as u64, late.waiting);
    assert_eq!(fabric.pairs[1].flying, 0);
}

#[test]
fn frames_without_addresses_go_nowhere_and_are_counted() {
    let mut fabric = full(0);
    send(&mut fabric, ms(0), 0, &[0xff; 13]);
    send(&mut fabric, ms(0), 0, &frame(ALL, 0, 1, 60));
    assert_eq!(take(&mut fabric, ms(0), 1), [1]);
    let sent = fabric.sent(0);
    assert_eq!((sent.frames, sent.bytes, sent.runts), (2, 73, 1));
}

#[test]
fn each_reason_is_counted_as_itself() {
    let mut fabric = full(0);
    let (reasons, everybody) = ([Line::CUT, Line::lossy(1.0)], frame(ALL, 0, 0, 60));
    for line in reasons {
        fabric.set_line(ms(0), 0, 1, line);
        send(&mut fabric, ms(0), 0, &everybody);
    }
    fabric.clear(ms(0));
    fabric.partition(ms(0), &[0, 1, 0, 0]);
    send(&mut fabric, ms(0), 0, &everybody);
    fabric.set_down(ms(0), 1, true);
    send(&mut fabric, ms(0), 0, &everybody);
    fabric.clear(ms(0));
    // This one waits when the guest goes.
    send(&mut fabric, ms(0), 0, &everybody);
    fabric.detach(ms(0), 1);
    send(&mut fabric, ms(0), 0, &everybody);
    let dropped = fabric.traffic(0, 1).dropped;
    assert_eq!([dropped.cut, dropped.loss, dropped.partition, dropped.down], [1; 4]);
    assert_eq!((dropped.absent, dropped.full), (2, 0));
    assert_eq!(fabric.traffic(0, 2).dropped.total(), 0);
}

#[test]
fn a_frame_wakes_those_who_get_it() {
    let mut fabric = full(0);
    let mut woken = Vec::new();
    fabric.set_line(ms(0), 0, 3, Line::CUT);
    fabric.set_line(ms(0), 0, 2, Line::delayed(1));
    fabric.receive(ms(0), 0, &frame(ALL, 0, 1, 60), |port| woken.push(port));
    assert_eq!(woken, [1, 2]);
}

#[test]
fn a_frame_can_be_as_long_as_the_longest() {
    let mut fabric = full(0);
    let longest = Frame::new(&frame(ALL, 0, 7, crate::switch::frame::LONGEST)).unwrap();
    send(&mut fabric, ms(0), 0, longest.bytes());
    assert_eq!(take(&mut fabric, ms(0), 1), [7]);
}
