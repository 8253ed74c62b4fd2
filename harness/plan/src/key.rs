//! What evidence is filed under: everything that an answer depends on, as one digest.
//!
//! In: a check's definition, its subject, what is asked, and what asks. Out: the key, or none where an answer depends on
//! more than can be told. It must not look for evidence.

use model::{check::Question, digest::Digest, fleet::TreeRef, subject::Subject};

use crate::draft::Inputs;

/// Changes whenever the way in which keys are made does, so that no older evidence is taken for newer.
const VERSION: &[u8] = b"seaworthy evidence key 1";

/// What every key of a plan has in common.
pub(crate) struct Keys {
    /// Over the tool's version and the capabilities.
    asker: Digest,
    /// Over the source tree.
    tree: Digest,
    /// Over the facts document.
    facts: Digest,
}

impl Keys {
    pub(crate) fn of(inputs: &Inputs<'_>) -> Self {
        let capabilities = inputs.capabilities.iter().map(String::as_bytes);
        let asker = Digest::of_parts([VERSION, inputs.tool.as_bytes()].into_iter().chain(capabilities));
        Self { asker, tree: inputs.tree, facts: inputs.facts.digest }
    }

    /// The key of a check; `definition` is the digest of its definition and of every file of it.
    pub(crate) fn key(
        &self,
        definition: &Digest,
        rule: &str,
        subject: &Subject,
        question: &Question,
    ) -> Option<Digest> {
        let (content, asked) = match question {
            // What a file evaluates to may depend on anything that the evaluator can reach.
            Question::Expression { tree: TreeRef::File { .. }, .. } => return None,
            Question::Expression { tree: TreeRef::Flake { attribute }, path } => {
                (self.tree, of_test(attribute, path))
            }
            Question::Policy { package } => {
                (self.facts, Digest::of_parts([b"policy".as_slice(), package.as_bytes()]))
            }
        };
        Some(Digest::of_parts([
            self.asker.bytes().as_slice(),
            definition.bytes(),
            rule.as_bytes(),
            content.bytes(),
            of_subject(subject).bytes(),
            asked.bytes(),
        ]))
    }
}

fn of_test(attribute: &[String], path: &[String]) -> Digest {
    let over = |names: &[String]| Digest::of_parts(names.iter().map(String::as_bytes));
    Digest::of_parts([b"expression".as_slice(), over(attribute).bytes(), over(path).bytes()])
}

/// A machine that is called `fleet` is not the fleet.
fn of_subject(subject: &Subject) -> Digest {
    match subject {
        Subject::Fleet => Digest::of_parts([b"fleet".as_slice()]),
        Subject::Machine(name) => Digest::of_parts([b"machine".as_slice(), name.as_str().as_bytes()]),
    }
}
