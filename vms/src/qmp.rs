//! A client of QEMU's protocol QMP, which QEMU's guest agent speaks as well: JSON, one value a line.
//!
//! Flows in: a socket, commands. Flows out: their results, and events. Must not: know what any command means; wait for
//! an answer without a limit; fall over what it does not understand.
//!
//! Sources: QEMU `docs/interop/qmp-spec.rst`, `docs/interop/qemu-ga-ref`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::UnixStream,
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};

/// The longest line that is understood; the longest that the protocol's users here ask for is a quarter of it.
const LONGEST: usize = 64 * 1024 * 1024;

/// A connection. Any number of commands may be under way.
#[derive(Debug)]
pub struct Client {
    requests: mpsc::Sender<Vec<u8>>,
    pending: Arc<Mutex<Pending>>,
    /// They end with the client.
    _tasks: JoinSet<()>,
}

/// What the other side tells unasked.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// As in `SHUTDOWN`.
    pub name: String,
    /// Its particulars; `Null` where it has none.
    pub data: Value,
}

/// Why a command has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QmpError {
    /// The connection is closed.
    #[error("the connection was closed before {command} was answered")]
    Closed {
        /// The command.
        command: String,
    },
    /// There was no answer in time. The command may still be carried out.
    #[error("{command} was not answered in {} s", limit.as_secs_f32())]
    OutOfTime {
        /// The command.
        command: String,
        /// How long it had.
        limit: Duration,
    },
    /// It was refused.
    #[error("{command} was refused: {said}")]
    Refused {
        /// The command.
        command: String,
        /// The class of the error, as in `GenericError`.
        class: String,
        /// Why, in the other side's words.
        said: String,
    },
}

#[derive(Debug, Default)]
struct Pending {
    answers: HashMap<u64, oneshot::Sender<Result<Value, Value>>>,
    last: u64,
    closed: bool,
}

impl Client {
    /// A client over a connection. `hear` is called for each event, in order, and dropped when the connection closes.
    pub fn over(stream: UnixStream, mut hear: impl FnMut(Event) + Send + 'static) -> Self {
        let (reading, mut writing) = stream.into_split();
        let (requests, mut lines) = mpsc::channel::<Vec<u8>>(8);
        let pending = Arc::new(Mutex::new(Pending::default()));
        let mut tasks = JoinSet::new();
        // Lines are written whole, also where nobody waits for the answer any more.
        tasks.spawn(async move {
            while let Some(line) = lines.recv().await {
                if writing.write_all(&line).await.is_err() {
                    return;
                }
            }
        });
        let answered = Arc::clone(&pending);
        tasks.spawn(async move {
            let (mut reading, mut line) = (BufReader::new(reading), Vec::new());
            while next_line(&mut reading, &mut line).await.is_some() {
                receive(&line, &answered, &mut hear);
            }
            let mut pending = lock(&answered);
            (pending.closed, pending.answers) = (true, HashMap::new());
        });
        Self { requests, pending, _tasks: tasks }
    }

    /// Runs a command; `arguments` is an object, or `Null` for none.
    ///
    /// # Errors
    /// It is refused, or not answered within `limit`.
    pub async fn execute(&self, command: &str, arguments: Value, limit: Duration) -> Result<Value, QmpError> {
        let name = || command.to_owned();
        let (answer, answered) = oneshot::channel();
        let id = {
            let mut pending = lock(&self.pending);
            if pending.closed {
                return Err(QmpError::Closed { command: name() });
            }
            pending.last += 1;
            let id = pending.last;
            pending.answers.insert(id, answer);
            id
        };
        let _forgotten = Forget { pending: &self.pending, id };
        let mut request = json!({ "execute": command, "id": id });
        if !arguments.is_null() {
            request["arguments"] = arguments;
        }
        let exchange = async {
            let line = format!("{request}\n").into_bytes();
            self.requests.send(line).await.ok()?;
            answered.await.ok()
        };
        match timeout(limit, exchange).await {
            Err(_) => Err(QmpError::OutOfTime { command: name(), limit }),
            Ok(None) => Err(QmpError::Closed { command: name() }),
            Ok(Some(Ok(value))) => Ok(value),
            Ok(Some(Err(error))) => {
                let text = |field: &str| error[field].as_str().unwrap_or_default().to_owned();
                Err(QmpError::Refused { command: name(), class: text("class"), said: text("desc") })
            }
        }
    }
}

/// Takes a command off the list, also where its caller has gone away.
struct Forget<'a> {
    pending: &'a Mutex<Pending>,
    id: u64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        lock(self.pending).answers.remove(&self.id);
    }
}

/// What is neither an answer that somebody waits for nor an event is passed over: the greeting, and whatever a guest
/// makes up.
fn receive(line: &[u8], pending: &Mutex<Pending>, hear: &mut impl FnMut(Event)) {
    let Ok(Value::Object(mut value)) = serde_json::from_slice(line) else { return };
    if let Some(Value::String(name)) = value.remove("event") {
        return hear(Event { name, data: value.remove("data").unwrap_or_default() });
    }
    let answer = value.remove("return").map(Ok).or_else(|| value.remove("error").map(Err));
    let id = value.get("id").and_then(Value::as_u64);
    let waiting = id.and_then(|id| lock(pending).answers.remove(&id));
    if let (Some(answer), Some(waiting)) = (answer, waiting) {
        // Its caller may have gone away.
        let _nobody = waiting.send(answer);
    }
}

/// Reads one line, without its end; `None` when there is no further one, or it is endless.
async fn next_line(from: &mut (impl AsyncBufRead + Unpin), line: &mut Vec<u8>) -> Option<()> {
    line.clear();
    loop {
        let there = from.fill_buf().await.ok().filter(|there| !there.is_empty())?;
        let end = there.iter().position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(there.len());
        if line.len() + taken > LONGEST {
            return None;
        }
        line.extend_from_slice(&there[..taken]);
        let consumed = end.map_or(taken, |end| end + 1);
        from.consume(consumed);
        if end.is_some() {
            return Some(());
        }
    }
}

fn lock(pending: &Mutex<Pending>) -> MutexGuard<'_, Pending> {
    pending.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};
    use tokio::{
        io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
        net::UnixStream,
        sync::mpsc,
    };

    use super::{Client, QmpError};

    const LIMIT: Duration = Duration::from_millis(300);

    /// A client, the other side, and the events.
    fn pair() -> (Client, BufReader<UnixStream>, mpsc::UnboundedReceiver<String>) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (sender, events) = mpsc::unbounded_channel();
        let hear = move |event: super::Event| {
            let _nobody = sender.send(format!("{} {}", event.name, event.data));
        };
        (Client::over(ours, hear), BufReader::new(theirs), events)
    }

    async fn request(theirs: &mut BufReader<UnixStream>) -> Value {
        let mut line = String::new();
        theirs.read_line(&mut line).await.unwrap();
        serde_json::from_str(&line).unwrap()
    }

    async fn say(theirs: &mut BufReader<UnixStream>, text: &str) {
        theirs.get_mut().write_all(text.as_bytes()).await.unwrap();
    }

    #[tokio::test]
    async fn answers_find_their_commands_in_any_order() {
        let (client, mut theirs, mut events) = pair();
        let other = async {
            let (first, second) = (request(&mut theirs).await, request(&mut theirs).await);
            assert_eq!(first["execute"], "a");
            assert_eq!((&first["arguments"], &second["arguments"]), (&Value::Null, &json!({"x": 1})));
            say(&mut theirs, "{\"QMP\": {}}\nnoise\n[]\n\n{\"return\": 0}\n{\"return\": 0, \"id\": 99}\n")
                .await;
            say(&mut theirs, "{\"event\": \"STOP\"}\n").await;
            say(&mut theirs, &format!("{}\n", json!({"return": "B", "id": second["id"]}))).await;
            let refused = json!({"error": {"class": "GenericError", "desc": "no"}, "id": first["id"]});
            say(&mut theirs, &format!("{refused}\n")).await;
        };
        let first = client.execute("a", Value::Null, LIMIT);
        let second = client.execute("b", json!({"x": 1}), LIMIT);
        let (first, second, ()) = tokio::join!(first, second, other);
        assert!(matches!(first, Err(QmpError::Refused { said, .. }) if said == "no"));
        assert_eq!(second, Ok(json!("B")));
        assert_eq!(events.recv().await.as_deref(), Some("STOP null"));
    }

    #[tokio::test]
    async fn a_mute_side_is_out_of_time_and_a_late_answer_does_no_harm() {
        let (client, mut theirs, _events) = pair();
        let late = client.execute("a", Value::Null, LIMIT).await;
        assert!(matches!(late, Err(QmpError::OutOfTime { .. })), "{late:?}");
        let other = async {
            let (late, now) = (request(&mut theirs).await, request(&mut theirs).await);
            say(&mut theirs, &format!("{}\n", json!({"return": "late", "id": late["id"]}))).await;
            say(&mut theirs, &format!("{}\n", json!({"return": "now", "id": now["id"]}))).await;
        };
        let (now, ()) = tokio::join!(client.execute("b", Value::Null, LIMIT), other);
        assert_eq!(now, Ok(json!("now")));
    }

    #[tokio::test]
    async fn a_closed_connection_is_told_at_once() {
        let (client, theirs, mut events) = pair();
        let command = client.execute("a", Value::Null, Duration::from_secs(100));
        let close = async { drop(theirs) };
        let (closed, ()) = tokio::join!(command, close);
        assert!(matches!(closed, Err(QmpError::Closed { .. })), "{closed:?}");
        assert_eq!(events.recv().await, None);
        let closed = client.execute("b", Value::Null, LIMIT).await;
        assert!(matches!(closed, Err(QmpError::Closed { .. })), "{closed:?}");
    }
}
