//! One script, and what came back between two numbers that nobody guesses.
//!
//! Whatever a login shell prints before, and whatever it prints when it goes, stands outside of them.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

use super::{MOST, Unasked, refusal};
use crate::process::{Program, Running, Spawner, Streams};

/// What a script printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its standard output; bytes that are no text are replaced.
    pub out: String,
    /// Its exit code.
    pub code: i32,
    /// What came by standard error, ours and the host's, the shell's included.
    pub err: String,
}

/// Bytes of standard error that are kept.
const WORDS: usize = 64 << 10;

/// Whether a host is known to be there. Who is not, and says nothing, is offline.
#[derive(Debug, Clone, Copy)]
pub(super) enum Met<'a> {
    /// It let us in before.
    Before,
    /// It has let us in once ssh says this word.
    WhoSays(&'a str),
}

/// Runs a script.
pub(super) async fn ask(
    spawner: &Spawner,
    program: &Program,
    script: &str,
    limit: Duration,
    met: Met<'_>,
) -> Result<Answer, Unasked> {
    let number = number()?;
    let mut running = spawner.spawn(program, Streams { stdin: true, stdout: true })?;
    let mut out = Vec::new();
    let mut err = Vec::new();
    let ended = timeout(limit, talk(&mut running, &framed(script, &number), &mut out, &mut err)).await;
    let out = String::from_utf8_lossy(&out);
    let begun = out.contains(&format!("{number} begin"));
    let met = begun
        || match met {
            Met::Before => true,
            Met::WhoSays(word) => out.contains(word),
        };
    match ended {
        Ok(_) if out.len() > MOST => Err(Unasked::TooLong(MOST)),
        Ok(ended) => {
            let status = ended?;
            let err = String::from_utf8_lossy(&err).into_owned();
            match within(&out, &number) {
                Some((out, code)) => Ok(Answer { out: out.to_owned(), code, err }),
                // 255 is ssh's own; any other is that of a shell that did something else.
                None if met && status.code() == Some(255) => Err(refusal::lost(&err)),
                None if status.code() == Some(255) => Err(refusal::kind(&err)),
                None if begun => Err(Unasked::CutShort(refusal::last_words(&err))),
                None => Err(Unasked::NoShell(refusal::last_words(&format!("{err}\n{out}")))),
            }
        }
        Err(_) if met => Err(Unasked::TimedOut(limit)),
        Err(_) => Err(Unasked::Offline(format!("nothing was heard within {:.1} s", limit.as_secs_f64()))),
    }
}

async fn talk(
    running: &mut Running,
    input: &str,
    out: &mut Vec<u8>,
    err: &mut Vec<u8>,
) -> std::io::Result<std::process::ExitStatus> {
    let (stdin, stdout, stderr) = (running.stdin.take(), running.stdout.take(), running.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // Who does not read it to its end says so by what comes back.
            let _unread = stdin.write_all(input.as_bytes()).await;
        }
    };
    tokio::join!(write, read(stdout, out, MOST + 1), read(stderr, err, WORDS));
    running.wait().await
}

/// Reads to the end; the first `most` bytes are kept, also when the deadline comes in between.
async fn read<R: AsyncRead + Unpin>(stream: Option<R>, kept: &mut Vec<u8>, most: usize) {
    let Some(mut stream) = stream else { return };
    let mut buffer = vec![0; 1 << 14];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        let room = most.saturating_sub(kept.len()).min(read);
        kept.extend_from_slice(buffer.get(..room).unwrap_or_default());
    }
}

/// The number is in two parts in what is sent, so that a shell that repeats its input does not say it.
fn framed(script: &str, number: &str) -> String {
    let (head, tail) = number.split_at(number.len() / 2);
    format!(
        "printf '\\n%s%s begin\\n' {head} {tail}\n(\n{script}\n)\nprintf '\\n%s%s end %s\\n' {head} {tail} \"$?\"\nexit\n"
    )
}

/// What stands between, and the exit code.
fn within<'a>(out: &'a str, number: &str) -> Option<(&'a str, i32)> {
    let (_, rest) = out.split_once(&format!("{number} begin\n"))?;
    let (answer, end) = rest.split_once(&format!("\n{number} end "))?;
    let (code, _) = end.split_once('\n')?;
    Some((answer, code.trim().parse().ok()?))
}

/// 128 bits of chance.
pub(super) fn number() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    let filled = rustix::rand::getrandom(&mut bytes[..], rustix::rand::GetRandomFlags::empty())?;
    if filled < bytes.len() {
        return Err(std::io::Error::other("the system gave too little chance"));
    }
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_print_stands_outside() {
        let number = "0123456789abcdef";
        let out = format!("Welcome!\n\n{number} begin\none\ntwo\n\n{number} end 3\nBye\n");
        assert_eq!(within(&out, number), Some(("one\ntwo\n", 3)));
        assert_eq!(within(&out.replace("end 3", "end"), number), None);
        assert_eq!(within("Welcome!\n", number), None);
        assert!(!framed("true", number).contains(number));
    }
}
