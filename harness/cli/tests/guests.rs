//! The fleet of `fixtures/tunnels` as guests side by side, with in-kernel WireGuard between them: nix, QEMU, and no double of either.
//! The sound one is green; of each that stands in a folder under `flaws`, just what is wrong is found, between whom it is wrong.
//!
//! Where the parts that guests are made of are not on this machine, the tests are ignored, and say so; `ci/run guests` makes them.
#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "these tests meet the real computer")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what the tests stand on may fail them")]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use cli::{
    args::{Color, Everywhere},
    desk::Desk,
    environment::Environment,
    interrupts, pipeline,
    screen::Screen,
    settings,
};
use edge::vm::mesh::{Mesh, Seen};
use libtest_mimic::{Arguments, Failed, Trial};
use model::{
    fleet::BootSource,
    machine::MachineName,
    matrix::Matrix,
    overlay::OverlayKind,
    sighting::{
        outlook::Outlook,
        pair::{self, Limits},
        questions::Questions,
    },
    verdict::Verdict,
};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let there = has_parts();
    let trials = vec![
        Trial::test("a_sound_fleet_is_green", sound),
    ];
    let trials = trials.into_iter().map(|trial| trial.with_ignored_flag(!there)).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Whether `ci/run guests` was run on this machine.
fn has_parts() -> bool {
    let said = std::env::var("NIX_CONFIG").unwrap_or_default();
    let parts = said.split_whitespace().find_map(|word| word.strip_prefix("/guest-parts="));
    parts.is_some_and(|path| Path::new(path.trim_end_matches('?')).exists())
}

/// What became of a fleet.
struct Met {
    matrix: Matrix,
    seen: Seen,
}

/// The fleet, with what a flaw puts in the place of its files.
fn fleet(flaw: Option<&str>) -> tempfile::TempDir {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: PathBuf, to: PathBuf| {
        assert!(Command::new("cp").arg("-rT").args([from, to]).status().unwrap().success());
    };
    for name in ["tunnels", "fleets"] {
        copy(fixtures.join(name), folder.path().join(name));
    }
    let tunnels = folder.path().join("tunnels");
    if let Some(flaw) = flaw {
        copy(tunnels.join("flaws").join(flaw), tunnels.clone());
    }
    let git = |arguments: &[&str]| {
        let git = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
        let said = Command::new("git").args(git).args(arguments).current_dir(folder.path()).output().unwrap();
        assert!(said.status.success(), "{said:?}");
    };
    git(&["init", "--quiet"]);
    git(&["add", "--all", "--force"]);
    git(&["commit", "--quiet", "--message", "fleet"]);
    folder
}

#[tokio::main]
async fn meet(folder: &Path) -> Met {
    let environment = Environment::read().unwrap();
    let everywhere = Everywhere { project: Some(folder.join("tunnels")), color: Color::Never };
    let screen = Screen::detect(Color::Never, environment.wishes);
    let desk = Desk::at(&everywhere, environment, screen).unwrap();
    let mut interrupts = interrupts::listen();
    let known = pipeline::know(&desk, false, &mut interrupts).await.unwrap();
    let matrix = load::reach::derive(&known.fleet, &known.facts.document);
    let mut asked = BTreeMap::<MachineName, (BootSource, Questions)>::new();
    for pair in matrix.pairs() {
        let (_, questions) = asked.entry(pair.from.clone()).or_default();
        questions.daemons.insert(OverlayKind::Wireguard);
        pair.expectation.probe.iter().for_each(|probe| questions.add(probe));
    }
    let terms = &known.fleet.fleet.boot;
    let mesh = Mesh {
        nix: known.evaluated.evaluators.unwrap(),
        yard: settings::yard(&desk),
        facts: known.facts,
        size: terms.size,
        building: Duration::from_secs(600),
        limit: terms.limit,
    };
    let began = Instant::now();
    let seen = mesh.look(&asked).await;
    eprintln!("{} guests: {:.1} s", asked.len(), began.elapsed().as_secs_f64());
    Met { matrix, seen }
}

fn sound() -> Result<(), Failed> {
    let folder = fleet(None);
    let met = meet(folder.path());
    for (name, outlook) in &met.seen.outlooks {
        match outlook {
            Outlook::Seen(seen) => eprintln!("{name}: {seen:#?}"),
            other => eprintln!("{name}: {other:?}"),
        }
    }
    for pair in met.matrix.pairs() {
        let verdict = pair::verdict(&pair, &met.seen.outlooks, &Limits::default());
        eprintln!("{} -> {}: {verdict:?}", pair.from, pair.to);
    }
    let bad = met.matrix.pairs().filter(|pair| {
        !matches!(pair::verdict(pair, &met.seen.outlooks, &Limits::default()), Verdict::Pass)
    });
    if bad.count() > 0 { Err("not green".into()) } else { Ok(()) }
}
