//! What it costs to find that eight machines run what they should, over real ssh: `cargo bench -p cli --bench promote`, by root. The
//! goal: one round trip of ssh each, in parallel, beside what evaluating the fleet takes.
//!
//! In each round, one after the other: `ssh .. true` to all eight at once, `seaworthy plan`, which evaluates the same fleet and asks
//! nobody, and `seaworthy promote`.
#![cfg_attr(
    target_os = "linux",
    expect(
        clippy::disallowed_methods,
        clippy::print_stdout,
        reason = "a benchmark spawns the binary, reads the clock and prints"
    ),
    expect(clippy::unwrap_used, reason = "what a benchmark needs and does not find ends it")
)]

#[cfg(target_os = "linux")]
#[expect(dead_code, reason = "shared with the tests")]
#[path = "../tests/boxes/harbour.rs"]
mod harbour;
#[cfg(target_os = "linux")]
#[path = "../../edge/tests/deploy/shown.rs"]
mod shown;

#[cfg(target_os = "linux")]
mod linux {
    use std::time::{Duration, Instant};

    use super::harbour::Harbour;

    const MACHINES: [&str; 8] = ["b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8"];
    const ROUNDS: usize = 9;

    pub(crate) fn measure() {
        let harbour = Harbour::of(&MACHINES, Some(&fleet()));
        harbour.says("seaworthy promote", 0, &["nothing is to be promoted"]);
        let ssh = format!("for each in {}; do ssh $each true & done; wait", MACHINES.join(" "));
        let lines = [ssh.as_str(), "seaworthy plan", "seaworthy promote"];
        let mut took = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            for (line, took) in lines.iter().zip(&mut took) {
                let began = Instant::now();
                harbour.sh(line);
                took.push(began.elapsed());
            }
        }
        let [ssh, plan, promote] = took.map(median);
        println!("the medians of {ROUNDS}, {} boxes", MACHINES.len());
        println!("  `ssh .. true` to all at once        {ssh:>8.1?}");
        println!("  `seaworthy plan`: nobody is asked   {plan:>8.1?}");
        println!("  `seaworthy promote`: nothing to do  {promote:>8.1?}");
        println!(
            "  beside `plan`, in round trips       {:>8.2}",
            (promote - plan).as_secs_f64() / ssh.as_secs_f64()
        );
    }

    fn median(mut all: Vec<Duration>) -> Duration {
        all.sort();
        all[all.len() / 2]
    }

    fn fleet() -> String {
        let machine = |name| {
            format!(
                "[inventory.machines.{name}]\nmachineClass = \"nixos\"\ntags = [\"server\"]\ndeploy.targetHost = \"root@{name}\"\n"
            )
        };
        let machines: String = MACHINES.into_iter().map(machine).collect();
        format!(
            "[inventory.meta]\nname = \"boxes\"\n{machines}\n[promotion]\ngates = [\"expressions\", \"invariants\"]\n\
             [[promotion.waves]]\nname = \"all\"\ntags = [\"server\"]\nsoak = \"1s\"\n"
        )
    }
}

#[cfg(target_os = "linux")]
fn main() {
    linux::measure();
}

#[cfg(not(target_os = "linux"))]
fn main() {}
