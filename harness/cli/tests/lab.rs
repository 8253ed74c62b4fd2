//! A lab between commands, through the binary. It needs root and what labs are made of: elsewhere the tests are ignored, and say so.
#![cfg_attr(
    target_os = "linux",
    expect(clippy::disallowed_methods, reason = "a test of the binary spawns it")
)]

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        env, fs,
        path::Path,
        process::{Command, ExitCode},
        time::{Duration, Instant},
    };

    use lab::{tools::Tools, topology::Overlay};
    use libtest_mimic::{Arguments, Failed, Trial};

    #[expect(clippy::print_stderr, reason = "who runs the tests sees why they are ignored")]
    pub(crate) fn main() -> ExitCode {
        let missing = Tools::find(&env::var_os("PATH").unwrap_or_default(), Overlay::Yggdrasil).err();
        if let Some(missing) = &missing {
            eprintln!("labs are not tried: {missing}");
        }
        let trials = [
            Trial::test("a_lab_stays_up_and_is_asked", || tried(stays)),
            Trial::test("a_lab_ends_with_its_process", || tried(killed)),
            Trial::test("a_lab_that_nobody_waits_for_does_not_come_up", || tried(abandoned)),
            Trial::test("what_makes_no_sense_is_refused", || tried(refused)),
        ];
        let trials = trials.map(|trial| trial.with_ignored_flag(missing.is_some()));
        libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
    }

    fn tried(test: fn(&Path) -> Result<(), Failed>) -> Result<(), Failed> {
        let runtime = tempfile::tempdir()?;
        let done = test(runtime.path());
        // Whatever went wrong, no lab is left.
        lab(runtime.path(), &["down"])?;
        done
    }

    /// The exit status, and all that was said.
    fn lab(runtime: &Path, arguments: &[&str]) -> Result<(Option<i32>, String), Failed> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seaworthy"));
        command.args(["--color", "never", "lab"]).args(arguments).env("XDG_RUNTIME_DIR", runtime);
        let output = command.output()?;
        let said = [output.stdout, output.stderr].concat();
        Ok((output.status.code(), String::from_utf8_lossy(&said).into_owned()))
    }

    fn says(runtime: &Path, arguments: &[&str], status: i32, parts: &[&str]) -> Result<(), Failed> {
        let (code, said) = lab(runtime, arguments)?;
        match parts.iter().find(|part| !said.contains(**part)) {
            None if code == Some(status) => Ok(()),
            missing => Err(format!("{arguments:?}: {code:?}, without {missing:?}:\n{said}").into()),
        }
    }

    fn stays(runtime: &Path) -> Result<(), Failed> {
        let all = "all reach each other";
        let up = ["up", "a", "b", "--overlay", "yggdrasil", "--outsiders", "c"];
        says(runtime, &up, 0, &["198.18.0.2", "c  198.18.0.4", "(outsider)", all])?;
        says(runtime, &["up", "d"], 2, &["a lab is up already", "lab down"])?;
        says(runtime, &["ssh", "a", "--", "hostname; exit 7"], 7, &["a\n"])?;
        says(runtime, &["cut", "a", "c", "--one-way"], 0, &[])?;
        let (_, said) = lab(runtime, &["show"])?;
        if !said.contains("plain network: a does not reach c\n") || said.contains("c does not reach") {
            return Err(said.into());
        }
        says(runtime, &["show", "--format", "json"], 0, &[r#""plain":[["a","c"]]"#])?;
        says(runtime, &["delay", "b", "a", "40ms"], 0, &[])?;
        says(runtime, &["show"], 0, &["wrong: 40ms more each way between b and a", "reached by `ssh -F"])?;
        // There and back; on a busy computer it takes longer.
        let took = r#"ping -c2 -i0.1 b | sed -n 's/.*time=\([0-9]*\).*/\1/p' | sort -n | head -n1"#;
        let (_, said) = lab(runtime, &["ssh", "a", "--", took])?;
        if said.trim().parse::<u32>().ok().is_none_or(|took| took < 80) {
            return Err(said.into());
        }
        says(runtime, &["mend"], 0, &[])?;
        says(runtime, &["show"], 0, &[all])?;
        says(runtime, &["down"], 0, &[])?;
        says(runtime, &["show"], 2, &["no lab is up"])?;
        if runtime.join("seaworthy-lab").exists() { Err("its folder is left".into()) } else { Ok(()) }
    }

    fn killed(runtime: &Path) -> Result<(), Failed> {
        says(runtime, &["up", "a"], 0, &["all reach each other"])?;
        let with = |text: &str| -> Vec<String> {
            let all = fs::read_dir("/proc").into_iter().flatten().flatten();
            let lines = all.filter_map(|entry| {
                Some((entry.file_name().into_string().ok()?, fs::read(entry.path().join("environ")).ok()?))
            });
            lines.filter(|(_, line)| String::from_utf8_lossy(line).contains(text)).map(|(id, _)| id).collect()
        };
        let here = format!("XDG_RUNTIME_DIR={}", runtime.display());
        let holder = with(&here);
        let [holder] = holder.as_slice() else { return Err(format!("held by {holder:?}").into()) };
        let hub = fs::read_to_string(format!("/proc/{holder}/task/{holder}/children"))?;
        if hub.trim().is_empty() {
            return Err("nothing runs in the lab".into());
        }
        Command::new("kill").args(["-KILL", holder]).status()?;
        let runs = |id: &str| Path::new("/proc").join(id).join("exe").exists();
        until(&format!("{hub} runs no more"), || !hub.split_whitespace().any(runs))?;
        says(runtime, &["show"], 2, &["no lab is up"])?;
        says(runtime, &["up", "b"], 0, &["all reach each other"])
    }

    fn abandoned(runtime: &Path) -> Result<(), Failed> {
        let names: Vec<_> = (1..=24).map(|number| format!("h{number}")).collect();
        let folder = runtime.join("seaworthy-lab");
        let runs = |folder: &Path| {
            let all = fs::read_dir("/proc").into_iter().flatten().flatten();
            let lines = all.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
            let lines: Vec<_> = lines.map(|line| String::from_utf8_lossy(&line).into_owned()).collect();
            lines.iter().any(|line| line.contains(&folder.display().to_string()))
        };
        for signal in ["-INT", "-KILL"] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_seaworthy"));
            command.args(["lab", "up", "--overlay", "yggdrasil"]).args(&names);
            let mut up = command.env("XDG_RUNTIME_DIR", runtime).spawn()?;
            until("it comes up", || folder.join("host.sh").exists())?;
            Command::new("kill").args([signal, &up.id().to_string()]).status()?;
            let code = up.wait()?.code();
            if signal == "-INT" && (code != Some(4) || folder.exists()) {
                return Err(format!("{code:?}, and a folder: {}", folder.exists()).into());
            }
            until("nothing is left", || !folder.exists() && !runs(&folder))?;
        }
        says(runtime, &["up", "a"], 0, &["all reach each other"])
    }

    fn until(what: &str, is_so: impl Fn() -> bool) -> Result<(), Failed> {
        let began = Instant::now();
        while !is_so() {
            if began.elapsed() > Duration::from_secs(10) {
                return Err(format!("not in ten seconds: {what}").into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn refused(runtime: &Path) -> Result<(), Failed> {
        says(runtime, &["up", "operator"], 2, &["`operator` cannot be a host"])?;
        says(runtime, &["up", "a", "b", "a"], 2, &["two hosts are called `a`"])?;
        says(runtime, &["up", "a", "b", "--outsiders", "b"], 2, &["two hosts are called `b`"])?;
        says(runtime, &["cut", "a", "b"], 2, &["no lab is up", "lab up HOST"])?;
        says(runtime, &["up", "a", "b"], 0, &[])?;
        says(runtime, &["cut", "a", "z"], 2, &["there is no host `z`: there are a, b, operator"])?;
        says(runtime, &["revoke", "a"], 2, &["this lab has no overlay"])?;
        says(runtime, &["expire", "a"], 2, &["this lab's host keys have no certificates"])?;
        says(runtime, &["ssh", "z"], 2, &["no host is called `z`", "there are a, b"])?;
        says(runtime, &["lose", "a", "b", "0"], 2, &["invalid value '0'"])?;
        says(runtime, &["delay", "a", "b", "soon"], 2, &["invalid value 'soon'", "write it as `40ms`"])?;
        says(runtime, &["delay", "a", "b", "1h"], 2, &["between 1 ms and 10 s"])
    }
}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {}
