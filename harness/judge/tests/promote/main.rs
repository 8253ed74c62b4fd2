//! What it means to promote: the rules one by one, and all runs of small fleets.

mod bystanders;
mod explore;
mod hosts;
mod intents;
mod laws;
mod people;
mod policies;
mod proving;
mod rules;
mod runs;
mod world;
