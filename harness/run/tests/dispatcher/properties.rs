//! The laws, on thousands of random runs.

use proptest::prelude::*;

use crate::{
    laws,
    plans::{any_course, any_order, any_plan},
    simulation::simulate,
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_run_keeps_the_laws((plan, answers) in any_plan(40), slots in 1..5usize, deeds in any_course(120)) {
        let seen = simulate(&plan, &answers, slots, &deeds);
        laws::hold(&plan, &seen, slots);
    }

    /// The order in which answers come, and how many slots there are, changes no verdict and no reason.
    #[test]
    fn the_order_changes_no_verdict(
        (plan, answers) in any_plan(40),
        (slots, order) in (1..5usize, any_order(80)),
        (other_slots, other_order) in (1..5usize, any_order(80)),
    ) {
        let one = simulate(&plan, &answers, slots, &order);
        let other = simulate(&plan, &answers, other_slots, &other_order);
        prop_assert_eq!(laws::verdicts(&one), laws::verdicts(&other));
        laws::hold(&plan, &one, slots);
    }
}
