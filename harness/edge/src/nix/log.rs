//! One line of nix's standard error, with `--log-format internal-json`.
//!
//! Flows in: the line. Flows out: what it means to us. Must not: remember anything.
//!
//! Source of the format: `JSONLogger` in Nix `src/libutil/logging.cc`.

use serde::Deserialize;

use super::complaint::{Complaint, Frame, Spot, cut, plain};

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// A part of an answer to case `number`: the first of it, or one in between.
    Note {
        /// The case.
        number: usize,
        /// What part.
        kind: String,
        /// The part.
        text: String,
    },
    /// The last part of an answer to case `number`.
    Done {
        /// The case.
        number: usize,
        /// What kind of answer.
        kind: String,
        /// The answer.
        text: String,
    },
    /// All lines up to here have been answered.
    End,
    /// An error.
    Error(Complaint),
    /// An activity began: `copying '/home/me/fleet' to the store`.
    Activity(String),
    /// Something in nix's form that does not concern us, such as a trace of the user's.
    Other,
    /// Not in nix's form: a wrapper, the garbage collector, or a last cry.
    Garbage,
}

#[derive(Deserialize)]
struct Json {
    action: String,
    level: Option<u8>,
    msg: Option<String>,
    text: Option<String>,
    raw_msg: Option<String>,
    #[serde(flatten)]
    at: At,
    trace: Option<Vec<Step>>,
}

#[derive(Deserialize)]
struct Step {
    raw_msg: String,
    #[serde(flatten)]
    at: At,
}

#[derive(Deserialize)]
struct At {
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
}

impl Said {
    /// Reads a line of an evaluator whose answers are known by `nonce`.
    pub(crate) fn read(line: &str, nonce: &str) -> Self {
        let Some(json) = line.strip_prefix("@nix ") else { return Self::Garbage };
        let Ok(json) = serde_json::from_str::<Json>(json) else { return Self::Garbage };
        match json.action.as_str() {
            "start" => json.text.filter(|text| !text.is_empty()).map_or(Self::Other, Self::Activity),
            "msg" => Self::of_message(json, nonce),
            _ => Self::Other,
        }
    }

    fn of_message(json: Json, nonce: &str) -> Self {
        let Some(text) = &json.msg else { return Self::Other };
        if let Some(said) = text.strip_prefix("trace: ").and_then(|text| text.strip_prefix(nonce)) {
            return Self::of_marker(said).unwrap_or(Self::Other);
        }
        if json.level != Some(0) {
            return Self::Other;
        }
        match &json.raw_msg {
            Some(_) => json.complaint().map_or(Self::Other, Self::Error),
            None => Complaint::of_text(text).map_or(Self::Other, Self::Error),
        }
    }

    fn of_marker(marker: &str) -> Option<Self> {
        let marker = marker.strip_prefix(' ')?;
        if marker == "end" {
            return Some(Self::End);
        }
        let mut parts = marker.splitn(4, ' ');
        let verb = parts.next()?;
        let number = parts.next()?.parse().ok()?;
        let (kind, text) = (parts.next()?.to_owned(), parts.next().unwrap_or_default().to_owned());
        match verb {
            "note" => Some(Self::Note { number, kind, text }),
            "done" => Some(Self::Done { number, kind, text }),
            _ => None,
        }
    }
}

impl Json {
    fn complaint(self) -> Option<Complaint> {
        let mut complaint = Complaint {
            message: cut(plain(&self.raw_msg?).trim_end()),
            at: self.at.spot(),
            frames: Vec::new(),
        };
        let steps = self.trace.unwrap_or_default().into_iter();
        let frames = steps.filter(|step| !step.raw_msg.is_empty());
        complaint.frames = frames
            .map(|step| Frame { text: cut(&plain(&step.raw_msg)), at: step.at.spot() })
            .take(60)
            .collect();
        Some(complaint)
    }
}

impl At {
    fn spot(self) -> Option<Spot> {
        Some(Spot::of_parts(&self.file?, self.line?, self.column?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(line: &str) -> Said {
        Said::read(line, "N1")
    }

    #[test]
    fn answers_are_known_by_the_nonce() {
        let note = Said::Note { number: 3, kind: "at".to_owned(), text: "1 2 /f x".to_owned() };
        assert_eq!(read(r#"@nix {"action":"msg","level":0,"msg":"trace: N1 note 3 at 1 2 /f x"}"#), note);
        let done = Said::Done { number: 0, kind: "pass".to_owned(), text: String::new() };
        assert_eq!(read(r#"@nix {"action":"msg","level":0,"msg":"trace: N1 done 0 pass "}"#), done);
        assert_eq!(read(r#"@nix {"action":"msg","level":0,"msg":"trace: N1 end"}"#), Said::End);
        assert_eq!(read(r#"@nix {"action":"msg","level":0,"msg":"trace: N2 done 0 pass "}"#), Said::Other);
        assert_eq!(read(r#"@nix {"action":"msg","level":0,"msg":"trace: N1 done x"}"#), Said::Other);
    }

    #[test]
    fn an_error_in_structure_is_read() {
        let line = r#"@nix {"action":"msg","column":null,"file":null,"level":0,"line":null,"msg":"...","raw_msg":"hello\u001b[0m","trace":[{"column":82,"file":"/f.nix:1:82","line":1,"raw_msg":"while calling the '\u001b[35;1mthrow\u001b[0m' builtin"}]}"#;
        let at = Some(Spot { file: "/f.nix".to_owned(), line: 1, column: 82 });
        let frames = vec![Frame { text: "while calling the 'throw' builtin".to_owned(), at }];
        assert_eq!(read(line), Said::Error(Complaint { message: "hello".to_owned(), at: None, frames }));
    }

    #[test]
    fn an_error_as_text_is_read_and_a_warning_is_none() {
        let line = r#"@nix {"action":"msg","level":0,"msg":"\u001b[31;1merror:\u001b[0m no"}"#;
        assert_eq!(read(line), Said::Error(Complaint::plain("no")));
        let warning =
            r#"@nix {"action":"msg","level":1,"msg":"\u001b[31;1merror:\u001b[0m no","raw_msg":"no"}"#;
        assert_eq!(read(warning), Said::Other);
    }

    #[test]
    fn what_is_not_in_the_form_is_garbage() {
        assert_eq!(read("GC Warning: Out of Memory!"), Said::Garbage);
        assert_eq!(read("@nix {"), Said::Garbage);
        assert_eq!(read(""), Said::Garbage);
        assert_eq!(read(r#"@nix {"action":"stop","id":1}"#), Said::Other);
        let copying = r#"@nix {"action":"start","id":1,"level":4,"parent":0,"text":"copying","type":0}"#;
        assert_eq!(read(copying), Said::Activity("copying".to_owned()));
    }

    proptest! {
        #[test]
        fn no_line_panics(line in ".*", message in ".*") {
            let _ = read(&line);
            let _ = read(&format!("@nix {line}"));
            let text = serde_json::json!({"action": "msg", "level": 0, "msg": format!("trace: N1 {message}")});
            let _ = read(&format!("@nix {text}"));
        }

        #[test]
        fn any_text_of_an_answer_is_read_back(text in "(?s).*", number in 0_usize..9999) {
            let message = format!("trace: N1 done {number} differ {text}");
            let line = serde_json::json!({"action": "msg", "level": 0, "msg": message});
            prop_assert_eq!(read(&format!("@nix {line}")), Said::Done { number, kind: "differ".to_owned(), text });
        }
    }
}
