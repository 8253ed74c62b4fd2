//! What a mesh costs to look at: `cargo bench -p edge --bench mesh`, by root; a number behind `--` is that of the hosts of a
//! single lab. All pairs, over ssh to all hosts at once: by fresh connections, and over lines that are up.
//!
//! Three sets of questions, so that like is held against like: one echo and one port, for which the goals are; the same with
//! sshd's port, where each connection is two processes more; and all that is asked by default. Ports of the first are those of
//! listeners that only listen. Beside the time stands the processors' time of all processes, ours and the hosts', where the
//! bench runs in a control group of its own (`cpuacct`, as root: `mkdir G; echo $$ >G/cgroup.procs`).

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
    use model::sighting::{Knock, outlook::Outlook, questions::Questions};
    use tokio::task::JoinSet;

    /// How often that is measured for which there are goals; the one in the middle is told.
    const TIMES: usize = 5;

    /// Where listeners that only listen are met.
    const PORT: u16 = 7;

    /// Takes connections, and does nothing with them.
    const LISTEN: &str = "perl -MSocket -e 'socket S, AF_INET, SOCK_STREAM, 0; bind S, pack_sockaddr_in(7, INADDR_ANY); \
        listen S, 4096; fork and exit; close STDOUT; close STDERR; sleep'";

    /// Longer than anything here takes.
    const LIMIT: Duration = Duration::from_secs(60);

    type Asked = Vec<(Destination, Arc<Questions>)>;

    /// What is asked of each pair.
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Set {
        EchoAndPort,
        EchoAndSshd,
        Everything,
    }

    impl Set {
        fn as_str(self) -> &'static str {
            match self {
                Self::EchoAndPort => "an echo and a port",
                Self::EchoAndSshd => "an echo and sshd",
                Self::Everything => "everything",
            }
        }
    }

    /// One lab, looked at in both ways. Goals in seconds.
    pub(crate) async fn lab(hosts: usize, fresh: f64, over: f64) -> Result<(), Box<dyn Error>> {
        let tools = Tools::find(&env::var_os("PATH").unwrap_or_default(), Overlay::None)?;
        let folder = tempfile::tempdir()?;
        let names = (0..hosts).map(|number| format!("h{number}"));
        let lab = Lab::up(Topology::of(names), &folder.path().join("lab"), tools).await?;
        let ssh = Arc::new(Ssh::new(Spawner::new(), settings(lab.ssh_config()))?);
        for host in lab.hosts() {
            host.run(LISTEN, LIMIT).await?;
        }
        let sets = [Set::EchoAndPort, Set::EchoAndSshd, Set::Everything];
        for set in sets {
            let asked = asked(&lab, set)?;
            let ask = |(to, questions): (Destination, Arc<Questions>)| {
                let ssh = Arc::clone(&ssh);
                async move { probe::ask(&ssh, &to, &questions, Means::Best).await.outlook }
            };
            let goal = (set == Set::EchoAndPort).then_some(fresh);
            let how = format!("{}, fresh connections", set.as_str());
            measure(hosts, &how, goal, &asked, ask).await?;
        }
        let (began, spent_before) = (Instant::now(), spent());
        let lines = lines(&ssh, &asked(&lab, Set::EchoAndPort)?).await?;
        println!(
            "{hosts:3} hosts, lines up: {:.2} s{}, {} MiB held by ssh",
            began.elapsed().as_secs_f64(),
            since(spent_before, 1),
            held("ssh")
        );
        for set in sets {
            let asked = lines.iter().cloned().zip(asked(&lab, set)?).map(|(line, (_, asked))| (line, asked));
            let ask = |(line, questions): (Arc<Line>, Arc<Questions>)| async move {
                probe::ask_over(&line, &questions, Means::Best).await.outlook
            };
            let (goal, how) =
                ((set == Set::EchoAndPort).then_some(over), format!("{}, over lines", set.as_str()));
            measure(hosts, &how, goal, &asked.collect::<Vec<_>>(), ask).await?;
        }
        let asked = lines.iter().cloned().zip(asked(&lab, Set::Everything)?);
        let looks = asked.map(|(line, (_, questions))| async move {
            probe::ask_over(&line, &questions, Means::Best).await.outlook
        });
        let prober = prober(looks.collect(), hosts).await?;
        let ours = status("self", "VmHWM:") / 1024;
        println!(
            "{hosts:3} hosts: at most {ours} MiB held by ourselves, {prober:.1} MiB by a prober, asked everything"
        );
        drop(lines);
        lab.down().await;
        Ok(())
    }

    /// Asks everybody at once, some times where there is a goal.
    async fn measure<T: Clone, F: Future<Output = Outlook> + Send + 'static>(
        hosts: usize,
        how: &str,
        goal: Option<f64>,
        asked: &[T],
        ask: impl Fn(T) -> F,
    ) -> Result<(), Box<dyn Error>> {
        let (mut times, before) = (Vec::new(), spent());
        let often = if goal.is_some() { TIMES } else { 1 };
        for _ in 0..often {
            let began = Instant::now();
            let looks: JoinSet<Outlook> = asked.iter().cloned().map(&ask).collect();
            whole(looks.join_all().await, hosts)?;
            times.push(began.elapsed());
        }
        tell(hosts, how, &mut times, goal, &since(before, often));
        Ok(())
    }

    /// The most that one prober held, in MiB, while all were asked once more: to look at them takes time of its own.
    async fn prober(looks: JoinSet<Outlook>, hosts: usize) -> Result<f64, Box<dyn Error>> {
        let mut all = Box::pin(looks.join_all());
        let mut most = 0_u32;
        loop {
            tokio::select! {
                outlooks = &mut all => {
                    whole(outlooks, hosts)?;
                    return Ok(f64::from(most) / 1024.0);
                }
                () = tokio::time::sleep(Duration::from_millis(20)) => most = most.max(probers()),
            }
        }
    }

    /// Of all probers that run, the most that one has held so far, in KiB.
    fn probers() -> u32 {
        let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = all.filter_map(|entry| entry.file_name().into_string().ok());
        let probers = numbers.filter(|number| {
            std::fs::read(format!("/proc/{number}/cmdline")).is_ok_and(|line| line.starts_with(b"perl\0-e\0"))
        });
        probers.filter_map(|number| u32::try_from(status(&number, "VmHWM:")).ok()).max().unwrap_or_default()
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

    fn asked(lab: &Lab, set: Set) -> Result<Asked, Box<dyn Error>> {
        let addresses: Vec<IpAddr> = lab.hosts().map(|host| host.seat().v4.into()).collect();
        let port = if set == Set::EchoAndPort { PORT } else { 22 };
        let of = |name: &str, own: IpAddr| -> Result<_, Box<dyn Error>> {
            let others = || addresses.iter().copied().filter(move |address| *address != own);
            let mut questions = Questions {
                pings: others().collect(),
                knocks: others().map(|address| (address, port).into()).collect(),
                ..Questions::default()
            };
            if set == Set::Everything {
                lab.hosts().try_for_each(|host| questions.resolve(host.name()))?;
            } else {
                (questions.count, questions.mtu) = (1, false);
            }
            Ok((Destination::new(name, None)?, Arc::new(questions)))
        };
        lab.hosts().map(|host| of(host.name(), host.seat().v4.into())).collect()
    }

    /// Nothing counts that did not see everybody.
    fn whole(outlooks: Vec<Outlook>, hosts: usize) -> Result<(), Box<dyn Error>> {
        for outlook in outlooks {
            let Outlook::Seen(seen) = outlook else { return Err(format!("not seen: {outlook:?}").into()) };
            let echoes = seen.echoes.values().filter(|echoes| echoes.answered()).count();
            let open = seen.knocks.values().filter(|knock| matches!(knock, Knock::Open(_))).count();
            if (echoes, open, seen.prober.as_str()) != (hosts - 1, hosts - 1, "perl") {
                return Err(format!("{echoes} echoes, {open} ports of {}, {}", hosts - 1, seen.prober).into());
            }
        }
        Ok(())
    }

    fn tell(hosts: usize, how: &str, times: &mut [Duration], goal: Option<f64>, spent: &str) {
        times.sort_unstable();
        let seconds = times.get(times.len() / 2).map_or(0.0, Duration::as_secs_f64);
        let verdict = goal.map(|goal| goal * 1.2).map_or_else(String::new, |most| {
            format!(", at most {most:.2} s: {}", if seconds <= most { "good" } else { "SLOW" })
        });
        println!("{hosts:3} hosts, all pairs, {how}: {seconds:.2} s{spent}{verdict}");
    }

    /// What this control group spent on its processors, unless it is that of the whole computer.
    fn spent() -> Option<Duration> {
        let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
        let group = groups.lines().find_map(|line| line.split_once(":cpuacct:"))?.1;
        let file = format!("/sys/fs/cgroup/cpuacct{group}/cpuacct.usage");
        let nanoseconds = std::fs::read_to_string(file).ok().filter(|_| group != "/")?;
        Some(Duration::from_nanos(nanoseconds.trim().parse().ok()?))
    }

    fn since(before: Option<Duration>, times: usize) -> String {
        let spent = spent().zip(before).map(|(now, before)| now.saturating_sub(before).as_secs_f64());
        let times = u32::try_from(times).map_or(1.0, f64::from);
        spent.map_or_else(String::new, |spent| format!(" ({:.2} s of processors)", spent / times))
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
    let chosen: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let goals = [(8, 0.6, 0.10), (32, 2.3, 0.40), (64, 5.0, 0.9)];
    let goals = goals.into_iter().filter(|(hosts, ..)| chosen.is_empty() || chosen.contains(hosts));
    goals.into_iter().try_for_each(|(hosts, fresh, over)| runtime.block_on(measured::lab(hosts, fresh, over)))
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("mesh: not measured, labs need Linux");
}
