//! How long it takes to read and to resolve fleets of 10 to 10,000 machines.
//!
//! Flows in: fleets that are made up here. Flows out: a table on the standard output, the best of five runs a line.
//! Must not: fail because of a figure; it only shows them.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a program that measures and shows")]

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use load::{fleet_toml, resolve};

fn main() {
    println!(
        "{:>8} {:>10} {:>12} {:>12} {:>12} {:>12}",
        "machines", "KiB", "parse ms", "us/machine", "resolve ms", "us/machine"
    );
    for machines in [10, 100, 1_000, 10_000] {
        measure(machines);
    }
}

fn measure(machines: u32) {
    let text = fleet(machines);
    let (parse, fleet) = best(|| fleet_toml::parse("fleet.toml", text.as_bytes()).0);
    let fleet = fleet.expect("the fleet is sound");
    let (resolve, resolved) = best_with(|| fleet.clone(), resolve::resolve);
    assert_eq!(resolved.machines.len(), machines as usize);
    let (parse, resolve) = (parse.as_secs_f64() * 1e3, resolve.as_secs_f64() * 1e3);
    let each = |ms: f64| ms * 1e3 / f64::from(machines);
    let kib = text.len() / 1024;
    println!(
        "{machines:>8} {kib:>10} {parse:>12.3} {:>12.3} {resolve:>12.3} {:>12.3}",
        each(parse),
        each(resolve)
    );
}

fn best<T>(run: impl Fn() -> T) -> (Duration, T) {
    best_with(|| (), |()| run())
}

fn best_with<I, T>(prepare: impl Fn() -> I, run: impl Fn(I) -> T) -> (Duration, T) {
    let timed = |_| {
        let input = prepare();
        let start = Instant::now();
        let outcome = run(input);
        (start.elapsed(), outcome)
    };
    (0..5).map(timed).min_by_key(|(time, _)| *time).expect("five runs")
}

/// Ten instances; in each, one server, and clients by the tag of all, with settings of the role, of the machine's site and,
/// for each tenth, of the machine.
fn fleet(machines: u32) -> String {
    let mut text = "[inventory.meta]\nname = \"bench\"\n".to_owned();
    for machine in 0..machines {
        let site = machine % 7;
        write!(
            text,
            "[inventory.machines.m{machine}]\ntags = [\"site-{site}\", \"rack-{}\"]\n",
            machine % 100
        )
        .expect("text");
        writeln!(text, "deploy.targetHost = \"root@m{machine}.example\"").expect("text");
    }
    for instance in 0..10 {
        let role = format!("[inventory.instances.i{instance}.roles");
        writeln!(text, "{role}.server]\nmachines.m{instance}.settings.port = 80").expect("text");
        writeln!(
            text,
            "{role}.client]\ntags.all = {{}}\nsettings = {{ interval = 5, paths = [\"/a\"], on.boot = true }}"
        )
        .expect("text");
        for site in 0..7 {
            writeln!(text, "tags.site-{site}.settings = {{ site = {site}, paths = [\"/s\"] }}")
                .expect("text");
        }
        for machine in (instance..machines).step_by(10) {
            writeln!(text, "machines.m{machine}.settings = {{ name = \"m{machine}\", paths = [\"/m\"] }}")
                .expect("text");
        }
    }
    text
}
