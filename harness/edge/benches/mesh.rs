//! What a mesh costs to look at: `cargo bench -p edge --bench mesh`, by root. All pairs of a lab by echo, over ssh to all hosts
//! at once; by fresh connections, and over lines that are up. Ports are left out: a connection to an sshd is a process of its
//! own there, and all those hosts are this one computer.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark takes and tells the time")]

#[cfg(target_os = "linux")]
mod measured {
    use std::{
        collections::BTreeMap,
        env,
        error::Error,
        net::IpAddr,
        path::PathBuf,
        sync::Arc,
        time::{Duration, Instant},
    };

    use edge::{
        probe::{self, Means},
        process::Spawner,
        ssh::{Destination, Line, Settings, Ssh},
    };
    use lab::{
        lab::Lab,
        tools::Tools,
        topology::{Overlay, Topology},
    };
    use model::sighting::{outlook::Outlook, questions::Questions};
    use tokio::task::JoinSet;

    /// How often each is measured; the one in the middle is told.
    const TIMES: usize = 5;

    /// Longer than anything here takes.
    const LIMIT: Duration = Duration::from_secs(60);

    type Asked = Vec<(Destination, Arc<Questions>)>;

    /// One lab, looked at in both ways. Goals in seconds.
    pub(crate) async fn lab(hosts: usize, fresh: f64, over: f64) -> Result<(), Box<dyn Error>> {
        let tools = Tools::find(&env::var_os("PATH").unwrap_or_default(), Overlay::None)?;
        let folder = tempfile::tempdir()?;
        let names = (0..hosts).map(|number| format!("h{number}"));
        let lab = Lab::up(Topology::of(names), &folder.path().join("lab"), tools).await?;
        let ssh = Arc::new(Ssh::new(Spawner::new(), settings(lab.ssh_config()))?);
        let asked = asked(&lab)?;
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let began = Instant::now();
            let mut looks = JoinSet::new();
            for (to, questions) in asked.clone() {
                let ssh = Arc::clone(&ssh);
                looks.spawn(async move { probe::ask(&ssh, &to, &questions, Means::Best).await });
            }
            whole(looks.join_all().await, hosts)?;
            times.push(began.elapsed());
        }
        tell(hosts, "fresh connections", &mut times, fresh);
        let began = Instant::now();
        let lines = lines(&ssh, &asked).await?;
        println!(
            "{hosts:3} hosts, lines up: {:.2} s, {} MiB held by ssh",
            began.elapsed().as_secs_f64(),
            held("ssh")
        );
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let began = Instant::now();
            let mut looks = JoinSet::new();
            for (line, (_, questions)) in lines.iter().zip(asked.clone()) {
                let line = Arc::clone(line);
                looks.spawn(async move { probe::ask_over(&line, &questions, Means::Best).await });
            }
            whole(looks.join_all().await, hosts)?;
            times.push(began.elapsed());
        }
        tell(hosts, "over lines", &mut times, over);
        println!("{hosts:3} hosts: {} MiB at most held by ourselves", status("self", "VmHWM:") / 1024);
        drop(lines);
        lab.down().await;
        Ok(())
    }

    async fn lines(ssh: &Arc<Ssh>, asked: &Asked) -> Result<Vec<Arc<Line>>, Box<dyn Error>> {
        let mut opening = JoinSet::new();
        for (at, (to, _)) in asked.iter().cloned().enumerate() {
            let ssh = Arc::clone(ssh);
            opening.spawn(async move { (at, ssh.line(&to, LIMIT).await) });
        }
        let mut lines = opening.join_all().await;
        lines.sort_by_key(|(at, _)| *at);
        Ok(lines.into_iter().map(|(_, line)| line.map(Arc::new)).collect::<Result<_, _>>()?)
    }

    fn asked(lab: &Lab) -> Result<Asked, Box<dyn Error>> {
        let addresses: Vec<IpAddr> = lab.hosts().map(|host| host.seat().v4.into()).collect();
        let of = |name: &str, own: IpAddr| -> Result<_, Box<dyn Error>> {
            let others = || addresses.iter().copied().filter(move |address| *address != own);
            let (pings, knocks) =
                (others().collect(), others().map(|address| (address, 22).into()).collect());
            let questions = Questions { pings, knocks, count: 1, mtu: false, ..Questions::default() };
            Ok((Destination::new(name, None)?, Arc::new(questions)))
        };
        lab.hosts().map(|host| of(host.name(), host.seat().v4.into())).collect()
    }

    /// Nothing counts that did not see everybody.
    fn whole(outlooks: Vec<Outlook>, hosts: usize) -> Result<(), Box<dyn Error>> {
        for outlook in outlooks {
            let Outlook::Seen(seen) = outlook else { return Err(format!("not seen: {outlook:?}").into()) };
            let echoes = seen.echoes.values().filter(|echoes| echoes.answered()).count();
            if echoes != hosts - 1 {
                return Err(format!("{echoes} echoes of {}", hosts - 1).into());
            }
        }
        Ok(())
    }

    fn tell(hosts: usize, how: &str, times: &mut [Duration], goal: f64) {
        times.sort_unstable();
        let seconds = times.get(times.len() / 2).map_or(0.0, Duration::as_secs_f64);
        let most = goal * 1.2;
        let verdict = if seconds <= most { "good" } else { "SLOW" };
        println!("{hosts:3} hosts, all pairs, {how}: {seconds:.2} s, at most {most:.2} s: {verdict}");
    }

    /// Memory of processes with this name that are our children, in MiB, each page counted once.
    fn held(name: &str) -> u64 {
        let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let ours = all.filter_map(|entry| entry.file_name().into_string().ok()).filter(|number| {
            let text = std::fs::read_to_string(format!("/proc/{number}/comm")).unwrap_or_default();
            text.trim() == name && status(number, "PPid:") == u64::from(std::process::id())
        });
        let pages = ours.map(|number| {
            std::fs::read_to_string(format!("/proc/{number}/smaps_rollup")).unwrap_or_default()
        });
        pages.map(|text| value(&text, "Pss:")).sum::<u64>() / 1024
    }

    fn status(process: &str, field: &str) -> u64 {
        value(&std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default(), field)
    }

    fn value(text: &str, field: &str) -> u64 {
        let line = text.lines().find_map(|line| line.strip_prefix(field));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
    }

    fn settings(config: PathBuf) -> Settings {
        let path = env::var_os("PATH").unwrap_or_default();
        let program = env::split_paths(&path).map(|folder| folder.join("ssh")).find(|file| file.exists());
        let environment = BTreeMap::from([("PATH".into(), path)]);
        let (program, connect) = (program.unwrap_or_default(), Duration::from_secs(30));
        Settings { program, config: Some(config), environment, sockets: env::temp_dir(), connect }
    }
}

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    if !rustix::process::geteuid().is_root() {
        println!("mesh: not measured, labs need root");
        return Ok(());
    }
    let runtime = tokio::runtime::Runtime::new()?;
    let goals = [(8, 0.6, 0.10), (32, 2.3, 0.40), (64, 5.0, 0.9)];
    goals.into_iter().try_for_each(|(hosts, fresh, over)| runtime.block_on(measured::lab(hosts, fresh, over)))
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("mesh: not measured, labs need Linux");
}
