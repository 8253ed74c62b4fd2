//! Outputs of a flake that may be meant for others: what is misspelt is never evaluated, and nothing of it is proven.
//!
//! In: the names of the flake's outputs. Out: a note for each that is a slip away from one that would be read. It must not
//! doubt an output while the one that it is like is there too.

use model::{machine::MachineClass, plan::Note, survey::TEST_OUTPUTS};

/// Outputs of clan that the survey reads.
const OF_CLAN: [&str; 1] = ["clanInternals"];

/// How many slips there may be in a name: one in each so many letters.
const LETTERS: usize = 6;

pub(crate) fn misspelt(outputs: &[String]) -> Vec<Note> {
    let classes =
        [MachineClass::Nixos, MachineClass::Darwin, MachineClass::Home].map(MachineClass::flake_output);
    let read = classes.into_iter().chain(TEST_OUTPUTS).chain(OF_CLAN);
    let absent: Vec<&str> = read.filter(|name| !outputs.iter().any(|output| output == name)).collect();
    let meant = |output: &String| {
        let near = |name: &&&str| strsim::osa_distance(output, name) <= (name.len() / LETTERS).max(1);
        // What is long is no slip of a name, and takes long to compare.
        let meant = absent.iter().filter(|name| output.len() < 2 * name.len()).find(near)?;
        Some(Note::OutputNotRead { output: output.clone(), meant: (*meant).to_owned() })
    };
    outputs.iter().filter_map(meant).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(outputs: &[&str], expected: &[(&str, &str)]) {
        let outputs: Vec<String> = outputs.iter().map(ToString::to_string).collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(output, meant)| Note::OutputNotRead {
                output: (*output).to_owned(),
                meant: (*meant).to_owned(),
            })
            .collect();
        assert_eq!(misspelt(&outputs), expected);
    }

    #[test]
    fn a_slip_finds_the_output_that_was_meant() {
        check(&["nixosConfiguratons"], &[("nixosConfiguratons", "nixosConfigurations")]);
        check(
            &["darwinConfiguration", "test"],
            &[("darwinConfiguration", "darwinConfigurations"), ("test", "tests")],
        );
    }

    #[test]
    fn other_outputs_of_flakes_are_not_doubted() {
        check(
            &[
                "nixosModules",
                "darwinModules",
                "homeModules",
                "checks",
                "packages",
                "lib",
                "clan",
                "formatter",
            ],
            &[],
        );
        check(&["nixosConfigurations", "nixosConfigurations2", "tests", "test"], &[]);
        check(&[&"n".repeat(1_000_000)], &[]);
    }
}
