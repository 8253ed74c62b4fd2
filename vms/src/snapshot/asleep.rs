//! A guest's shell whose program waits to be woken: so a guest is saved, and so its clones begin.
//!
//! Flows in: a shell, or its end in a clone. Flows out: the same, asleep or awake. Must not: wait without a limit, or take another
//! guest for the one that was saved.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    time::timeout,
};

use super::wake;
use crate::channel::{
    ChannelError,
    backdoor::{Backdoor, closed},
};

/// What a program said as it woke up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Woken {
    /// Its words: the nonce, if all is well.
    pub(super) said: String,
    /// Its status.
    pub(super) status: i32,
}

/// What ends the line that tells of the status.
const END: &[u8] = b".\n";
/// Bytes of such a line, and more: a shell's complaint goes elsewhere.
const MOST: usize = 4096;

/// Has the shell run the program, which says the nonce and sleeps. The stream is kept as long as the guest runs.
pub(super) async fn fall_asleep(
    shell: Backdoor,
    place: &str,
    nonce: &str,
    limit: Duration,
) -> Result<UnixStream, ChannelError> {
    let mut stream = shell.into_stream().await?;
    let line = format!("{}; echo \" $?.\"\n", wake::program_line(place));
    stream.write_all(line.as_bytes()).await.map_err(|_| closed())?;
    until(&mut stream, nonce.as_bytes(), place, limit).await?;
    Ok(stream)
}

/// Wakes the program in a clone.
pub(super) async fn awake(
    mut stream: UnixStream,
    input: &[u8],
    limit: Duration,
) -> Result<(Backdoor, Woken), ChannelError> {
    stream.write_all(input).await.map_err(|_| closed())?;
    let line = until(&mut stream, END, "the program that wakes it", limit).await?;
    let line = String::from_utf8_lossy(&line[..line.len() - END.len()]).into_owned();
    let (said, status) = line.rsplit_once(' ').unwrap_or((&line, ""));
    let woken = Woken { said: said.trim().to_owned(), status: status.parse().unwrap_or(-1) };
    Ok((Backdoor::serving(stream), woken))
}

/// What is read up to these bytes, and with them.
async fn until(
    stream: &mut UnixStream,
    end: &[u8],
    command: &str,
    limit: Duration,
) -> Result<Vec<u8>, ChannelError> {
    let mut heard = Vec::new();
    let read = async {
        while !heard.ends_with(end) {
            let byte = stream.read_u8().await.map_err(|_| closed())?;
            if heard.len() == MOST {
                heard.clear();
            }
            heard.push(byte);
        }
        Ok(())
    };
    match timeout(limit, read).await {
        Ok(read) => read.map(|()| heard),
        Err(_) => Err(ChannelError::Mute { command: command.to_owned(), limit, bytes: heard.len() as u64 }),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::UnixStream,
    };

    use super::{Woken, awake};
    use crate::channel::ChannelError;

    const LIMIT: Duration = Duration::from_secs(5);

    /// What is made of it if the guest, having read all of the input, says this.
    async fn woken(said: &[u8], limit: Duration) -> Result<Woken, ChannelError> {
        let (ours, mut guest) = UnixStream::pair().unwrap();
        let says = async {
            let mut input = [0; 5];
            guest.read_exact(&mut input).await.unwrap();
            assert_eq!(&input, b"input");
            for byte in said {
                guest.write_all(&[*byte]).await.unwrap();
            }
            guest
        };
        let (woken, _guest) = tokio::join!(awake(ours, b"input", limit), says);
        woken.map(|(_, woken)| woken)
    }

    #[tokio::test]
    async fn its_word_and_its_status_are_told() {
        for (said, word, status) in [
            ("vms12 0.\n", "vms12", 0),
            (" 3.\n", "", 3),
            ("vms12vms13 0.\n", "vms12vms13", 0),
            ("x y.\n", "x", -1),
        ] {
            let expected = Woken { said: word.to_owned(), status };
            assert_eq!(woken(said.as_bytes(), LIMIT).await.unwrap(), expected, "{said}");
        }
    }

    #[tokio::test]
    async fn one_that_sleeps_on_is_not_waited_for() {
        let mute = woken(b"vms12", Duration::from_millis(50)).await.unwrap_err();
        assert!(matches!(mute, ChannelError::Mute { bytes: 5, .. }), "{mute:?}");
    }

    #[tokio::test]
    async fn a_guest_that_is_gone_is_told() {
        let (ours, guest) = UnixStream::pair().unwrap();
        drop(guest);
        let closed = awake(ours, b"input", LIMIT).await.unwrap_err();
        assert!(matches!(closed, ChannelError::Closed { .. }), "{closed:?}");
    }
}
