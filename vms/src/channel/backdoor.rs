//! The backdoor of the NixOS test driver: a root shell on the guest's `/dev/hvc0`.
//!
//! Flows in: the other end of that terminal. Flows out: a [`Channel`]. Must not: need anything in the guest but a POSIX
//! shell and the usual `timeout`, `base64`, `head`, `awk`, `wc`, `cat`, of coreutils or busybox.
//!
//! The guest's part is nixpkgs' `nixos/modules/testing/test-instrumentation.nix`, unchanged: it makes the terminal raw,
//! says `Spawning backdoor root shell...`, and becomes a shell without a prompt. What goes over it is our own (`frame`):
//! a command writes to files, so that what it leaves behind holds nobody up, and these are sent when it is done.

use std::{io::Cursor, ops::RangeInclusive, time::Duration};

use data_encoding::BASE64;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until, timeout_at},
};

use super::{
    Channel, ChannelError, FILE_LIMIT, Output,
    frame::{Frame, MOST, PIECE, Told},
    script::{bounded, folder, in_time, number},
    terminal::{Size, Terminal},
};
use crate::shell::quote;

/// What the guest says when it opens the shell.
const OPENED: &[u8] = b"Spawning backdoor root shell...";
const NAME: &str = "backdoor";
/// How long a guest may take to say that a command's time is up; a command that heeds no signal is killed after 1 s.
const GRACE: Duration = Duration::from_secs(10);
/// How long the guest may say nothing before the ends of its answer are asked for again.
const SILENCE: Duration = Duration::from_secs(3);

/// A shell that answers. Each call waits for the one before it.
#[derive(Debug)]
pub struct Backdoor {
    requests: mpsc::Sender<Wish>,
}

/// What is wanted of the task that serves.
#[derive(Debug)]
enum Wish {
    Run(Request),
    /// The other end of the terminal itself; nothing is served afterwards.
    Leave(oneshot::Sender<UnixStream>),
}

#[derive(Debug)]
struct Request {
    number: String,
    script: String,
    input: String,
    command: String,
    limit: Duration,
    answer: oneshot::Sender<Result<Output, ChannelError>>,
}

impl Backdoor {
    /// Waits until the guest opens the shell at the other end of `stream`, and it answers.
    ///
    /// # Errors
    /// It does not within `limit`.
    pub async fn open(mut stream: UnixStream, limit: Duration) -> Result<Self, ChannelError> {
        let deadline = Instant::now() + limit;
        let mut heard = Heard::default();
        let opened = timeout_at(deadline, heard.opening(&mut stream)).await;
        let bytes = heard.bytes;
        let silent = || ChannelError::Silent { what: NAME, limit, bytes, console: Vec::new() };
        opened.map_err(|_| silent())??;
        let backdoor = Self::serving(stream);
        match backdoor.run(":", deadline.saturating_duration_since(Instant::now())).await {
            Err(ChannelError::Mute { .. } | ChannelError::OutOfTime { .. }) => Err(silent()),
            Err(error) => Err(error),
            Ok(_) => Ok(backdoor),
        }
    }

    /// Makes the shell one for a person.
    ///
    /// # Errors
    /// The guest is gone.
    pub async fn into_terminal(self, size: Size, kind: &str) -> Result<Terminal, ChannelError> {
        let stream = self.into_stream().await?;
        Terminal::open(stream, size, kind).await.map_err(|_| closed())
    }

    /// The guest's end of it, where a shell without a prompt waits for a line.
    pub(crate) async fn into_stream(self) -> Result<UnixStream, ChannelError> {
        let (leave, left) = oneshot::channel();
        self.requests.send(Wish::Leave(leave)).await.map_err(|_| closed())?;
        left.await.map_err(|_| closed())
    }

    /// One whose shell waits for a line.
    pub(crate) fn serving(stream: UnixStream) -> Self {
        let (requests, received) = mpsc::channel(1);
        tokio::spawn(serve(stream, received));
        Self { requests }
    }

    /// Runs a script and then sends `input` for it to read. The task that serves goes on with it also where the caller
    /// has gone away, so that the next call finds the shell ready.
    async fn exchange(
        &self,
        command: &str,
        limit: Duration,
        script: impl FnOnce(&str) -> String,
        input: String,
    ) -> Result<Output, ChannelError> {
        let number = number();
        let script = script(&number) + "\n";
        let (answer, answered) = oneshot::channel();
        let request = Request { number, script, input, command: command.to_owned(), limit, answer };
        self.requests.send(Wish::Run(request)).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

impl Channel for Backdoor {
    async fn run(&self, command: &str, limit: Duration) -> Result<Output, ChannelError> {
        self.exchange(command, limit, |number| run(number, command, limit), String::new()).await
    }

    async fn put(&self, path: &str, bytes: &[u8], mode: u32) -> Result<(), ChannelError> {
        let input = BASE64.encode(bytes);
        let length = input.len();
        let script = |number: &str| put(number, path, length, mode);
        let output = self.exchange(path, FILE_LIMIT, script, input).await?;
        if output.success() { Ok(()) } else { Err(ChannelError::of_file("write", path, &output)) }
    }
}

/// Answers one request after the other, until the guest or the owner is gone.
async fn serve(mut stream: UnixStream, mut wishes: mpsc::Receiver<Wish>) {
    while let Some(wish) = wishes.recv().await {
        let request = match wish {
            Wish::Run(request) => request,
            Wish::Leave(leave) => return drop(leave.send(stream)),
        };
        let whole = request.limit + GRACE;
        let began = Instant::now();
        let mut frame = Frame::new(&request.number);
        let exchanged = timeout_at(began + whole, exchange(&mut stream, &request, &mut frame)).await;
        let took = began.elapsed();
        let Request { command, limit, answer, .. } = request;
        let answered = match exchanged {
            Ok(None) => return,
            Err(_) => Err(ChannelError::Mute { command, limit: whole, bytes: frame.bytes }),
            Ok(Some(Ok(output))) => in_time(output, &command, limit, took),
            Ok(Some(Err(bytes))) => Err(ChannelError::TooLarge { command, bytes, most: MOST }),
        };
        // Whoever asked may have gone away.
        let _nobody = answer.send(answered);
    }
}

/// `None` when the guest has closed the terminal. What it writes is read while it is written to: it may be unable to
/// read before. Input is sent when it is asked for: a shell reads ahead.
async fn exchange(
    stream: &mut UnixStream,
    request: &Request,
    frame: &mut Frame,
) -> Option<Result<Output, u64>> {
    let (mut reading, mut writing) = stream.split();
    let mut buffer = vec![0; 64 * 1024];
    let mut input = Some(request.input.clone());
    let mut unwritten = Cursor::new(request.script.clone().into_bytes());
    let (mut heard, mut asked) = (Instant::now(), false);
    loop {
        let silent = !asked && request.input.is_empty() && !unwritten_is_left(&unwritten);
        tokio::select! {
            () = sleep_until(heard + SILENCE), if silent => {
                unwritten = Cursor::new(ends_again(&request.number, frame.next_round()).into_bytes());
                asked = true;
            }
            read = reading.read(&mut buffer) => {
                let read = read.ok().filter(|read| *read > 0)?;
                (heard, asked) = (Instant::now(), false);
                let told = frame.read(&buffer[..read]);
                if frame.asks && let Some(input) = input.take() {
                    unwritten = Cursor::new(input.into_bytes());
                }
                match told {
                    None => {}
                    Some(Told::Missing(missing)) => {
                        unwritten = Cursor::new(again(&request.number, frame.next_round(), &missing).into_bytes());
                    }
                    Some(Told::Whole(output)) => {
                        writing.write_all(forget(&request.number).as_bytes()).await.ok()?;
                        return Some(Ok(output));
                    }
                    Some(Told::TooLarge(bytes)) => {
                        writing.write_all(forget(&request.number).as_bytes()).await.ok()?;
                        return Some(Err(bytes));
                    }
                }
            }
            written = writing.write_buf(&mut unwritten), if unwritten_is_left(&unwritten) => {
                written.ok()?;
            }
        }
    }
}

pub(crate) fn closed() -> ChannelError {
    ChannelError::Closed { what: NAME, console: Vec::new() }
}

/// Whether there is more to be written.
pub(super) fn unwritten_is_left(bytes: &Cursor<Vec<u8>>) -> bool {
    bytes.position() < bytes.get_ref().len() as u64
}

#[derive(Default)]
struct Heard {
    bytes: u64,
    last: Vec<u8>,
}

impl Heard {
    async fn opening(&mut self, stream: &mut UnixStream) -> Result<(), ChannelError> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = stream.read(&mut buffer).await.unwrap_or_default();
            if read == 0 {
                return Err(closed());
            }
            self.bytes += read as u64;
            self.last.extend_from_slice(&buffer[..read]);
            if self.last.windows(OPENED.len()).any(|window| window == OPENED) {
                return Ok(());
            }
            let needed = self.last.len().min(OPENED.len());
            self.last.drain(..self.last.len() - needed);
        }
    }
}

/// A script that runs a command and sends its answer, as one line.
fn run(number: &str, command: &str, limit: Duration) -> String {
    framed(number, &bounded(command, limit))
}

/// A script that reads a file's base64, as one line. The new file takes the old one's place when it is whole. `timeout`
/// would take the terminal from `head`.
fn put(number: &str, path: &str, length: usize, mode: u32) -> String {
    let (new, path) = (quote(&format!("{path}.{number}")), quote(path));
    let ask = format!(": >$d/o; echo; echo '{number}?'");
    let keep = format!("{{ base64 -d >{new} && chmod {mode:o} {new} && mv -f {new} {path}; }} 2>$d/e");
    // What cannot be written is read all the same, or the shell would take it for commands.
    framed(number, &format!("{ask}; head -c {length} | {{ {keep}; s=$?; cat >/dev/null; exit $s; }}; s=$?"))
}

/// What a script leaves in `$s`, `$d/o` and `$d/e`, sent as an answer. Each program that is started costs an emulated
/// guest 10 ms, so that none is for an empty stream. A shell that reads a stream by itself takes a minute for 4 MiB.
fn framed(number: &str, script: &str) -> String {
    let folder = folder(number);
    let size =
        |stream: char| format!("{stream}=0; [ ! -s $d/{stream} ] || {stream}=$(($(wc -c <$d/{stream})))");
    let send = |stream: char| format!("[ ${stream} = 0 ] || {}", pieces(number, stream, "1"));
    let [size_out, size_err, out, err] = [size('o'), size('e'), send('o'), send('e')];
    let head = format!("{size_out}; {size_err}; echo; echo {number} $s $o $e");
    format!(
        "{folder}; {script}; {head}; [ $((o + e)) -gt {MOST} ] || {{ {out}; {err}; }}; echo; echo {number}."
    )
}

/// An answer's first and last line once more, as they may have been lost. A shell that is still busy with the command
/// comes to it afterwards.
fn ends_again(number: &str, round: u32) -> String {
    format!("echo; echo {number} $s $o $e; echo {number}.{round}\n")
}

/// Pieces that were lost on the way, once more.
fn again(number: &str, round: u32, missing: &[Vec<RangeInclusive<usize>>; 2]) -> String {
    let streams = ['o', 'e'].into_iter().zip(missing).filter(|(_, missing)| !missing.is_empty());
    let send = streams.map(|(stream, missing)| {
        let wanted = missing
            .iter()
            .map(|range| format!("NR>={}&&NR<={}", range.start(), range.end()))
            .collect::<Vec<_>>()
            .join("||");
        pieces(number, stream, &wanted) + "; "
    });
    format!("{}echo; echo {number}.{round}\n", send.collect::<String>())
}

fn pieces(number: &str, stream: char, wanted: &str) -> String {
    format!("base64 -w {PIECE} $d/{stream} | awk '{wanted} {{ print \"{number}{stream}\" NR \":\" $0 }}'")
}

/// Nobody waits for this.
fn forget(number: &str) -> String {
    format!("rm -rf /run/{number} /tmp/{number}\n")
}

#[cfg(test)]
mod tests;
