//! `seaworthy boot`: one machine as a guest, with its console or a shell on the terminal.

use edge::{
    process::become_program,
    vm::by_hand::{afloat, by_hand},
};
use model::{
    machine::{MachineClass, MachineName},
    verdict::Fault,
};
use tokio::sync::mpsc;

use crate::{args, desk::Desk, exit::Exit, pipeline, settings, stop::Stop, terminal};

/// Boots a machine; does not come back unless something is wrong.
///
/// # Errors
/// There is no such machine, it cannot be built, or this computer lacks something.
pub async fn boot(
    desk: &Desk,
    options: &args::Boot,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    if options.shell {
        terminal::is_there("shell")?;
    }
    let known = pipeline::know(desk, true, interrupts).await?;
    let name = MachineName(options.machine.clone());
    let machines = &known.evaluated.survey.machines;
    let of_nixos = || machines.iter().filter(|(_, machine)| machine.class == MachineClass::Nixos);
    if !of_nixos().any(|(known, _)| *known == name) {
        let names: Vec<&str> = of_nixos().map(|(name, _)| name.as_str()).collect();
        let what = match machines.get(&name) {
            Some(_) => format!("{name} is no NixOS machine, and only those boot as guests"),
            None => format!("no machine is called {name}"),
        };
        let near = plan::nearest(name.as_str(), names.iter().copied());
        let near = near.map_or_else(String::new, |near| format!("did you mean {near}? "));
        let help = format!("{near}the NixOS machines of this fleet are {}", names.join(", "));
        return Err(Stop::input(what).help(help));
    }
    let Some(nix) = &known.evaluated.evaluators else {
        return Err(Stop::input("there is no flake here that could be built"));
    };
    desk.screen.note(&format!("building {name}"));
    let (terms, yard) = (&known.fleet.fleet.boot, settings::yard(desk));
    let Some(source) = plan::boot_source(&known.facts.document, terms, &name) else {
        let help = format!("say what boots of it in fleet.toml: `[boot.given.{name}]`");
        return Err(Stop::input(format!("nothing of {name} boots as a guest")).help(help));
    };
    if options.shell {
        let guest = tokio::select! {
            biased;
            Some(()) = interrupts.recv() => return Err(settings::interrupted()),
            guest = afloat(nix, &yard, &known.facts, &name, &source, terms) => guest.map_err(stop)?,
        };
        desk.screen.note(&format!("{name} is up; `exit` or Ctrl-A X ends it"));
        terminal::open(desk, guest, interrupts).await?;
        return Ok(Exit::Open);
    }
    let ready = tokio::select! {
        biased;
        Some(()) = interrupts.recv() => return Err(settings::interrupted()),
        ready = by_hand(nix, &yard, &known.facts, &name, &source, terms.size) => ready.map_err(stop)?,
    };
    if options.print {
        desk.out(&format!("{}\n", ready.line()))?;
        return Ok(Exit::Open);
    }
    desk.screen.note(&format!("without {}", ready.replaced.join("; ")));
    desk.screen.note(&format!("booting {name} with {}; Ctrl-A X ends it", ready.machine.accelerator));
    Err(Stop::broken("QEMU could not be started").because(become_program(&ready.line())))
}

fn stop(fault: Fault) -> Stop {
    let said = fault.detail.iter().map(|line| format!("\n  {line}")).collect::<String>();
    let stop = Stop::broken(format!("{}{said}", fault.what));
    match fault.remedy {
        Some(remedy) => stop.help(remedy),
        None => stop,
    }
}
