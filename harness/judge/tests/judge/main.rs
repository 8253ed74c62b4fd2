//! What gates say after a run, as specifications.

#[cfg(test)]
mod gates;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod story;
#[cfg(test)]
mod waivers;
