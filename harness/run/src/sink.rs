//! The port to whoever wants a run's events: the journal, the terminal.
//!
//! Flows in: each event, in order. Flows out: whether it could be taken.
//! Must not: influence the run other than by failing.

use std::io;

use model::event::Event;

/// Takes the events of a run. A failure (a full disk) ends the run.
pub trait Sink: Send {
    /// Takes one event.
    ///
    /// # Errors
    /// The event could not be kept.
    fn emit(&mut self, event: &Event) -> io::Result<()>;

    /// Called after each batch of events that belong together; what was taken before must now be out of the process.
    ///
    /// # Errors
    /// Some event could not be kept.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn emit(&mut self, event: &Event) -> io::Result<()> {
        (**self).emit(event)
    }

    fn flush(&mut self) -> io::Result<()> {
        (**self).flush()
    }
}

/// Two sinks, the first of which hears of everything first.
impl<A: Sink, B: Sink> Sink for (A, B) {
    fn emit(&mut self, event: &Event) -> io::Result<()> {
        self.0.emit(event)?;
        self.1.emit(event)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()?;
        self.1.flush()
    }
}

impl Sink for Vec<Event> {
    fn emit(&mut self, event: &Event) -> io::Result<()> {
        self.push(event.clone());
        Ok(())
    }
}
