//! What a lab takes: `cargo bench -p lab`, by root. Up with sshd; all overlay addresses reached; down again.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark takes and tells the time")]

#[cfg(target_os = "linux")]
mod measured {
    use std::{
        env,
        error::Error,
        time::{Duration, Instant},
    };

    use lab::{
        lab::Lab,
        probe::Plane,
        tools::Tools,
        topology::{Overlay, Topology},
    };

    /// One lab, up and down.
    pub(crate) async fn lab(overlay: Overlay, hosts: usize) -> Result<(), Box<dyn Error>> {
        let tools = Tools::find(&env::var_os("PATH").unwrap_or_default(), overlay)?;
        let names = (0..hosts).map(|number| format!("h{number}"));
        let topology = Topology { overlay, ..Topology::of(names) };
        let folder = tempfile::tempdir()?;
        let began = Instant::now();
        let lab = Lab::up(topology, &folder.path().join("lab"), tools).await?;
        let up = began.elapsed();
        let plane = if overlay == Overlay::None { Plane::Plain } else { Plane::Overlay };
        let reach = lab.reach(&[], plane, Duration::from_secs(120)).await?;
        let whole = if reach.is_whole() { "all pairs reached" } else { "NOT all pairs reached" };
        let reached = began.elapsed();
        lab.down().await;
        let down = began.elapsed() - reached;
        println!(
            "{:9} {hosts:3} hosts: up {up:7.2?}, {whole} after {:7.2?} more, down {down:7.2?}",
            overlay.as_str(),
            reached - up,
        );
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use lab::topology::Overlay;

    if !rustix::process::geteuid().is_root() {
        println!("labs: not measured, they need root");
        return Ok(());
    }
    let runtime = tokio::runtime::Runtime::new()?;
    let labs = [
        (Overlay::None, 8),
        (Overlay::None, 32),
        (Overlay::None, 64),
        (Overlay::Wireguard, 8),
        (Overlay::Yggdrasil, 8),
    ];
    labs.into_iter().try_for_each(|(overlay, hosts)| runtime.block_on(measured::lab(overlay, hosts)))
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("labs: not measured, they need Linux");
}
