//! QEMU's guest agent, `qemu-ga`, as nearly every distribution packages it.
//!
//! Flows in: the other end of its port. Flows out: a [`Channel`]. Must not: ask for more at once than the agent gives.
//!
//! Source: QEMU `docs/interop/qemu-ga-ref`, of 7.2.

use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};
use tokio::{
    net::UnixStream,
    sync::Mutex,
    time::{Instant, sleep},
};

use super::{
    Channel, ChannelError, Output,
    script::{bounded, folder, in_time, number},
};
use crate::{
    qmp::{Client, QmpError},
    shell::quote,
};

const NAME: &str = "guest agent";
/// How long the agent may take for what it does at once, on a loaded guest.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
/// How long a guest may take to say that a command's time is up.
const GRACE: Duration = Duration::from_secs(10);
/// Bytes of a file in one message; the agent takes up to 48 MB.
const PIECE: usize = 256 * 1024;
/// What the agent keeps of each stream of a command; it says when there was more (QEMU `qga/commands.c`).
const MOST: u64 = 16 * 1024 * 1024;
/// Services have fewer folders than a login has.
const PATH: &str =
    "PATH=$PATH:/run/wrappers/bin:/run/current-system/sw/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH";

/// An agent that answers. Each command waits for the one before it.
#[derive(Debug)]
pub struct Agent {
    client: Client,
    turn: Mutex<()>,
}

impl Agent {
    /// Waits until the agent at the other end of `stream` answers. What is sent before it has started waits for it.
    ///
    /// # Errors
    /// It does not within `limit`.
    pub async fn open(stream: UnixStream, limit: Duration) -> Result<Self, ChannelError> {
        let client = Client::over(stream, |_| ());
        match client.execute("guest-ping", Value::Null, limit).await {
            Ok(_) => Ok(Self { client, turn: Mutex::new(()) }),
            Err(QmpError::Closed { .. }) => Err(closed()),
            Err(_) => Err(ChannelError::Silent { what: NAME, limit, bytes: 0, console: Vec::new() }),
        }
    }

    async fn ask(&self, command: &str, arguments: Value) -> Result<Value, QmpError> {
        self.client.execute(command, arguments, ANSWER_LIMIT).await
    }

    /// Runs a script to its end. The agent cannot be waited for; it is asked more and more seldom.
    async fn execute(&self, script: &str, limit: Duration) -> Result<Option<Value>, QmpError> {
        const FIRST: Duration = Duration::from_millis(5);
        const LAST: Duration = Duration::from_millis(200);
        let arguments = json!({ "path": "/bin/sh", "arg": ["-c", script], "capture-output": true });
        let process = self.ask("guest-exec", arguments).await?["pid"].clone();
        let (began, mut pause) = (Instant::now(), FIRST);
        loop {
            let status = self.ask("guest-exec-status", json!({ "pid": process })).await?;
            if status["exited"] == true {
                return Ok(Some(status));
            }
            if began.elapsed() >= limit {
                return Ok(None);
            }
            sleep(pause).await;
            pause = (pause * 3 / 2).min(LAST);
        }
    }

    async fn write(&self, path: &str, bytes: &[u8]) -> Result<(), QmpError> {
        let handle = self.ask("guest-file-open", json!({ "path": path, "mode": "w" })).await?;
        for piece in bytes.chunks(PIECE) {
            let arguments = json!({ "handle": handle, "buf-b64": BASE64.encode(piece) });
            if let Err(error) = self.ask("guest-file-write", arguments).await {
                let _closed = self.ask("guest-file-close", json!({ "handle": handle })).await;
                return Err(error);
            }
        }
        self.ask("guest-file-close", json!({ "handle": handle })).await.map(drop)
    }

    async fn read(&self, path: &str) -> Result<Vec<u8>, QmpError> {
        let handle = self.ask("guest-file-open", json!({ "path": path, "mode": "r" })).await?;
        let mut bytes = Vec::new();
        let read = loop {
            match self.ask("guest-file-read", json!({ "handle": handle, "count": PIECE })).await {
                Ok(piece) => {
                    bytes.extend(decoded(&piece["buf-b64"]));
                    if piece["eof"] == true || piece["count"] == 0 {
                        break Ok(bytes);
                    }
                }
                Err(error) => break Err(error),
            }
        };
        let _closed = self.ask("guest-file-close", json!({ "handle": handle })).await;
        read
    }
}

impl Channel for Agent {
    async fn run(&self, command: &str, limit: Duration) -> Result<Output, ChannelError> {
        let _turn = self.turn.lock().await;
        let number = number();
        // The agent takes what a command leaves behind for the command.
        let (folder, bounded) = (folder(&number), bounded(command, limit));
        let script = format!("{PATH}; {folder}; {bounded}; cat $d/o; cat $d/e >&2; rm -rf $d; exit $s");
        let began = Instant::now();
        let status = self.execute(&script, limit + GRACE).await.map_err(|error| failed(command, &error))?;
        let took = began.elapsed();
        let Some(status) = status else {
            return Err(ChannelError::Mute { command: command.to_owned(), limit: limit + GRACE, bytes: 0 });
        };
        if status["out-truncated"] == true || status["err-truncated"] == true {
            return Err(ChannelError::TooLarge { command: command.to_owned(), bytes: MOST, most: MOST - 1 });
        }
        let number = |field: &str| status[field].as_i64().and_then(|number| i32::try_from(number).ok());
        let output = Output {
            status: number("exitcode").or(number("signal").map(|signal| 128 + signal)).unwrap_or(255),
            stdout: decoded(&status["out-data"]),
            stderr: Some(decoded(&status["err-data"])),
        };
        in_time(output, command, limit, took)
    }

    async fn put(&self, path: &str, bytes: &[u8], mode: u32) -> Result<(), ChannelError> {
        let no_file = |said: String| ChannelError::File { what: "write", path: path.to_owned(), said };
        let new = format!("{path}.{}", number());
        self.write(&new, bytes).await.map_err(|error| no_file(error.to_string()))?;
        let (new, path) = (quote(&new), quote(path));
        let keep = format!("chmod {mode:o} {new} && mv -f {new} {path} || {{ rm -f {new}; exit 1; }}");
        let kept = self.run(&keep, ANSWER_LIMIT).await?;
        if kept.success() { Ok(()) } else { Err(no_file(kept.complaints())) }
    }

    async fn get(&self, path: &str) -> Result<Vec<u8>, ChannelError> {
        let said = |error: QmpError| ChannelError::File {
            what: "read",
            path: path.to_owned(),
            said: error.to_string(),
        };
        self.read(path).await.map_err(said)
    }
}

fn decoded(base64: &Value) -> Vec<u8> {
    BASE64.decode(base64.as_str().unwrap_or_default().as_bytes()).unwrap_or_default()
}

fn closed() -> ChannelError {
    ChannelError::Closed { what: NAME, console: Vec::new() }
}

fn failed(command: &str, error: &QmpError) -> ChannelError {
    match error {
        QmpError::Closed { .. } => closed(),
        QmpError::OutOfTime { limit, .. } => {
            ChannelError::Mute { command: command.to_owned(), limit: *limit, bytes: 0 }
        }
        QmpError::Refused { said, .. } => {
            ChannelError::Refused { what: NAME, command: command.to_owned(), said: said.clone() }
        }
    }
}
