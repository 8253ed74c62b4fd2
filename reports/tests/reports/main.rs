//! What reports look like, and what holds of all of them.

#[cfg(test)]
mod bounds;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod screens;
#[cfg(test)]
mod sighted;
#[cfg(test)]
mod story;
#[cfg(test)]
mod taken;
