//! A shell over SSH, by the system's own client, through a port that leads into the guest.
//!
//! Flows in: a forwarded port, a key, and the host key that the guest must have. Flows out: a [`Channel`]. Must not: read
//! or write the user's own keys, known hosts, agent or configuration; trust a host key that it was not given; leave a
//! client behind.
//!
//! One connection is held open, and each command goes over it (`ControlMaster` of ssh_config(5)), so that keys are
//! exchanged once: an emulated guest takes a second for that. A command writes to files, so that what it leaves behind
//! holds nobody up, and says its status in its last line: 255 may be the command's own as well as the client's.

use std::{
    ffi::OsString,
    fs::OpenOptions,
    io::{self, Seek as _, Write as _},
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{Instant, sleep, timeout},
};

use super::{
    Channel, ChannelError, FILE_LIMIT, Output,
    frame::MOST,
    script::{bounded, folder, in_time, number},
};
use crate::{
    child::{Child, Next, Stream, server::Server},
    shell::quote,
};

const NAME: &str = "ssh";
/// How long a guest may take to say that a command's time is up.
const GRACE: Duration = Duration::from_secs(10);
/// Between two looks for what tells nobody when it is there.
const STEP: Duration = Duration::from_millis(20);
/// Its files, in the guest's private folder. The client adds 17 bytes to the first while it makes it.
const CONTROL: &str = "control";
const KNOWN_HOSTS: &str = "known_hosts";

/// What it takes to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The client, OpenSSH's `ssh`.
    pub program: PathBuf,
    /// As whom.
    pub user: String,
    /// The private key's file, without a passphrase.
    pub key: PathBuf,
    /// The host key that the guest has: its public part, as in `ssh-ed25519 AAAA...`. No other one is accepted.
    pub host_key: String,
    /// The guest's port; one of its forwards.
    pub port: u16,
}

/// A connection that answers.
#[derive(Debug)]
pub struct Ssh {
    access: Access,
    folder: PathBuf,
    /// The connection lives as long as this.
    _master: Server,
}

impl Ssh {
    /// Connects to this computer's `port`, which leads into the guest, with files in `folder`, which is private.
    ///
    /// # Errors
    /// The guest's host key is another one, it does not take the key, or nobody answers within `limit`.
    pub(crate) async fn open(
        access: &Access,
        port: u16,
        folder: &Path,
        limit: Duration,
    ) -> Result<Self, ChannelError> {
        know(access, folder).map_err(|error| refused(error.to_string()))?;
        let deadline = Instant::now() + limit;
        let mut said = String::new();
        while Instant::now() < deadline {
            match connect(access, port, folder, deadline).await? {
                Ok(master) => {
                    let ssh = Self { access: access.clone(), folder: folder.to_owned(), _master: master };
                    ssh.run(":", deadline.saturating_duration_since(Instant::now())).await?;
                    return Ok(ssh);
                }
                Err(why) => said = why,
            }
            sleep(STEP).await;
        }
        Err(ChannelError::Silent { what: NAME, limit, bytes: 0, console: Vec::from([said]) })
    }

    /// Runs a script that leaves its status in `$s` and what it says in `$d/o` and `$d/e`.
    async fn exchange(
        &self,
        command: &str,
        limit: Duration,
        script: &str,
        input: Option<&[u8]>,
    ) -> Result<Output, ChannelError> {
        let number = number();
        let framed = framed(&number, script);
        let mut words = options(&self.access, &self.folder);
        words.extend(["--".into(), "guest".into(), format!("exec sh -c {}", quote(&framed)).into()]);
        let input = input.map_or(Ok(Stdio::null()), |bytes| file(bytes, &self.folder));
        let input = input.map_err(|error| refused(error.to_string()))?;
        let (program, whole) = (self.access.program.clone(), limit + GRACE);
        let began = Instant::now();
        let said = in_thread(move || listen(&program, &words, input, whole))
            .await
            .map_err(|error| refused(error.to_string()))?;
        let took = began.elapsed();
        let command = command.to_owned();
        let Some([out, mut err]) = said else {
            return Err(ChannelError::Mute { command, limit: whole, bytes: 0 });
        };
        let Some((status, bytes)) = take_status(&mut err, &number) else {
            return Err(ChannelError::Closed { what: NAME, console: lines(&err) });
        };
        if bytes > MOST {
            return Err(ChannelError::TooLarge { command, bytes, most: MOST });
        }
        in_time(Output { status, stdout: out, stderr: Some(err) }, &command, limit, took)
    }
}

impl Channel for Ssh {
    async fn run(&self, command: &str, limit: Duration) -> Result<Output, ChannelError> {
        self.exchange(command, limit, &bounded(command, limit), None).await
    }

    async fn put(&self, path: &str, bytes: &[u8], mode: u32) -> Result<(), ChannelError> {
        // The new file takes the old one's place when it is whole.
        let (new, path_there, length) = (quote(&format!("{path}.{}", number())), quote(path), bytes.len());
        let whole =
            format!("[ $(wc -c <{new}) = {length} ] && chmod {mode:o} {new} && mv -f {new} {path_there}");
        let script = format!(": >$d/o; {{ cat >{new} && {whole}; }} 2>$d/e; s=$?; [ $s = 0 ] || rm -f {new}");
        let output = self.exchange(path, FILE_LIMIT, &script, Some(bytes)).await?;
        if output.success() { Ok(()) } else { Err(ChannelError::of_file("write", path, &output)) }
    }
}

fn refused(said: String) -> ChannelError {
    ChannelError::Refused { what: NAME, command: "connect".to_owned(), said }
}

/// Writes down the only host key that is accepted.
fn know(access: &Access, folder: &Path) -> io::Result<()> {
    let path = folder.join(KNOWN_HOSTS);
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(path)?;
    writeln!(file, "guest {}", access.host_key.trim())
}

/// Nothing of the user's is read: no configuration, no agent, no other key, no other known host.
fn options(access: &Access, folder: &Path) -> Vec<OsString> {
    let path = |option: &str, path: &Path| {
        let mut word = OsString::from(format!("{option}=\""));
        word.push(path);
        word.push("\"");
        ["-o".into(), word]
    };
    let fixed = [
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "GlobalKnownHostsFile=none",
        "UpdateHostKeys=no",
        "HostKeyAlias=guest",
        "HostName=127.0.0.1",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "PreferredAuthentications=publickey",
        "ForwardX11=no",
        "LogLevel=ERROR",
    ];
    let mut words: Vec<OsString> = ["-F", "none", "-T", "-l"].map(OsString::from).into();
    words.push(access.user.clone().into());
    words.extend(fixed.into_iter().flat_map(|option| ["-o".into(), option.into()]));
    words.extend(path("UserKnownHostsFile", &folder.join(KNOWN_HOSTS)));
    words.extend(path("IdentityFile", &access.key));
    words.extend(path("ControlPath", &folder.join(CONTROL)));
    words
}

/// Tries once. The inner error is that nobody answers as yet.
async fn connect(
    access: &Access,
    port: u16,
    folder: &Path,
    deadline: Instant,
) -> Result<Result<Server, String>, ChannelError> {
    let mut words = options(access, folder);
    words.extend(["-M", "-N", "-p"].map(OsString::from));
    words.extend([port.to_string().into(), "guest".into()]);
    let master = Server::start(&access.program, &words)
        .map_err(|error| refused(format!("cannot start {}: {error}", access.program.display())))?;
    let control = folder.join(CONTROL);
    // It is there once the guest has let us in; nothing tells of it.
    let there = async {
        while !control.exists() {
            sleep(STEP).await;
        }
    };
    let left = deadline.saturating_duration_since(Instant::now());
    let ended = tokio::select! {
        () = there => return Ok(Ok(master)),
        ended = timeout(left, master.ended()) => ended,
    };
    let Ok(ended) = ended else {
        return Ok(Err("the guest answers, and does not let anybody in".to_owned()));
    };
    let said = ended.complaints.join("; ");
    // What will not be better the next time. Source: OpenSSH `sshconnect.c`, `sshconnect2.c`, `authfile.c`.
    let for_good =
        ["Host key verification failed", "Permission denied", "No such identity", "invalid format"];
    if for_good.iter().any(|words| said.contains(words)) { Err(refused(said)) } else { Ok(Err(said)) }
}

/// What a script leaves, sent as an answer whose last line is its number, its status and the answer's length.
fn framed(number: &str, script: &str) -> String {
    let send = format!("[ $n -gt {MOST} ] || {{ cat $d/o; cat $d/e >&2; }}");
    format!(
        "{}; {script}; n=$(($(cat $d/o $d/e | wc -c))); {send}; rm -rf $d; echo \"{number} $s $n\" >&2",
        folder(number)
    )
}

/// Takes the last line off, if it is ours.
fn take_status(err: &mut Vec<u8>, number: &str) -> Option<(i32, u64)> {
    let number = number.as_bytes();
    let at = err.windows(number.len()).rposition(|window| window == number)?;
    let last = String::from_utf8_lossy(&err[at..]).into_owned();
    let mut words = last.split_whitespace().skip(1);
    let told = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    err.truncate(at);
    Some(told)
}

fn lines(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect()
}

/// A nameless file with these bytes, from its beginning.
fn file(bytes: &[u8], folder: &Path) -> io::Result<Stdio> {
    let mut file = tempfile::tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file.into())
}

/// Both streams of the client, or nothing when its time is up.
fn listen(
    program: &Path,
    words: &[OsString],
    input: Stdio,
    limit: Duration,
) -> io::Result<Option<[Vec<u8>; 2]>> {
    let mut child = Child::start_with(program, words, input, limit)?;
    let [mut out, mut err] = [Vec::new(), Vec::new()];
    loop {
        match child.await_next()? {
            Next::Chunk(chunk) if chunk.stream == Stream::Out => out.extend(chunk.bytes),
            Next::Chunk(chunk) => err.extend(chunk.bytes),
            Next::Ended(_) => return Ok(Some([out, err])),
            Next::OutOfTime => return Ok(None),
        }
    }
}

/// In a thread of its own, for which no runtime waits where the caller has gone away.
async fn in_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (tell, told) = oneshot::channel();
    thread::spawn(move || tell.send(work()));
    told.await.unwrap_or_else(|_| Err(io::Error::other("its thread ended")))
}

#[cfg(test)]
mod tests {
    use super::take_status;

    #[test]
    fn the_last_line_of_our_number_is_the_status() {
        let mut err = b"vms1 is no status\nno end of line".to_vec();
        assert_eq!(take_status(&mut err.clone(), "vms2"), None);
        err.extend(b"vms2 255 31\n");
        assert_eq!(take_status(&mut err, "vms2"), Some((255, 31)));
        assert_eq!(err, b"vms1 is no status\nno end of line");
        for cut in ["vms2", "vms2 3", "vms2 x 1", ""] {
            assert_eq!(take_status(&mut cut.into(), "vms2"), None, "{cut}");
        }
    }
}
