//! How a plan comes about, as specifications.

#[cfg(test)]
mod drafting;
#[cfg(test)]
mod evidence;
#[cfg(test)]
mod guests;
#[cfg(test)]
mod linting;
#[cfg(test)]
mod meeting;
#[cfg(test)]
mod rounds;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod selecting;
#[cfg(test)]
mod unseen;
