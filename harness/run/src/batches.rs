//! The ready checks, put together by what one worker can answer at once.
//!
//! Flows in: checks that became ready. Flows out: the checks of the next job. Must not: know who runs it, or when.

use std::collections::{BTreeSet, HashMap, VecDeque};

use model::{
    check::{Batch, Check, GuestSize},
    plan::Plan,
    stage::Stage,
};

use crate::{jobs::Jobs, limits::Limits};

/// Queues of ready checks, one for each stage and batch of the plan. Checks are named by their index in the plan.
#[derive(Debug)]
pub(crate) struct Batches<'p> {
    queues: Vec<Queue<'p>>,
    /// Of each check.
    queue_of: Vec<usize>,
    /// The queues that hold something that may be asked: lower stages first, then the plan's order.
    filled: BTreeSet<(Stage, usize)>,
}

#[derive(Debug)]
struct Queue<'p> {
    stage: Stage,
    batch: Batch<'p>,
    size: GuestSize,
    ready: VecDeque<usize>,
    /// Of a batch that is asked as a whole, how many checks may still become ready.
    awaited: usize,
}

impl<'p> Batches<'p> {
    /// Empty queues for the checks of a plan.
    pub(crate) fn new(plan: &'p Plan) -> Self {
        let mut queues = Vec::new();
        let mut known: HashMap<(Stage, Batch<'p>), usize> = HashMap::new();
        let mut queue = |stage, batch, size| {
            *known.entry((stage, batch)).or_insert_with(|| {
                queues.push(Queue { stage, batch, size, ready: VecDeque::new(), awaited: 0 });
                queues.len() - 1
            })
        };
        let of = |check: &'p Check| (check.stage, check.question.batch(), check.question.size());
        let queue_of: Vec<usize> =
            plan.checks.iter().map(of).map(|(stage, batch, size)| queue(stage, batch, size)).collect();
        for number in &queue_of {
            queues[*number].awaited += usize::from(queues[*number].batch.is_whole());
        }
        Self { queues, queue_of, filled: BTreeSet::new() }
    }

    /// A check became ready.
    pub(crate) fn push(&mut self, check: usize) {
        let number = self.queue_of[check];
        let queue = &mut self.queues[number];
        queue.ready.push_back(check);
        self.await_less(number);
    }

    /// A check ended without having become ready.
    pub(crate) fn leave(&mut self, check: usize) {
        self.await_less(self.queue_of[check]);
    }

    fn await_less(&mut self, number: usize) {
        let queue = &mut self.queues[number];
        queue.awaited = queue.awaited.saturating_sub(1);
        if queue.awaited == 0 && !queue.ready.is_empty() {
            self.filled.insert((queue.stage, number));
        }
    }

    /// Whether something is ready for which there is room.
    pub(crate) fn can_start(&self, jobs: &Jobs, limits: &Limits) -> bool {
        self.next(jobs, limits).is_some()
    }

    /// The first queue whose next job fits beside those that run.
    fn next(&self, jobs: &Jobs, limits: &Limits) -> Option<(Stage, usize)> {
        // Every job takes a processor, so that nothing has to be looked through while all are taken.
        if jobs.count() >= limits.slots.get() {
            return None;
        }
        self.filled.iter().copied().find(|(_, number)| jobs.has_room(self.queues[*number].size, limits))
    }

    /// Forgets everything that is ready.
    pub(crate) fn clear(&mut self) {
        self.filled.clear();
        self.queues.iter_mut().for_each(|queue| queue.ready.clear());
    }

    /// The checks of the next job that fits beside those that run, and what it takes.
    pub(crate) fn take(&mut self, jobs: &Jobs, limits: &Limits) -> Option<(Vec<usize>, GuestSize)> {
        let first = self.next(jobs, limits)?;
        let queue = &mut self.queues[first.1];
        let size = chunk(queue.batch.limit(), queue.ready.len(), limits);
        let checks: Vec<usize> = queue.ready.drain(..size).collect();
        if queue.ready.is_empty() {
            self.filled.remove(&first);
        }
        Some((checks, queue.size))
    }
}

/// How many of the ready checks one job takes: all, where the batch has no limit, since they then share one answer; else
/// a quarter of a slot's share, so that chunks shrink towards the end and all slots finish at about the same time.
fn chunk(limit: usize, ready: usize, limits: &Limits) -> usize {
    if limit == usize::MAX {
        return ready;
    }
    let share = ready.div_ceil(limits.slots.get().saturating_mul(4));
    share.max(limits.chunk).min(limit.max(1)).min(ready)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;

    #[test]
    fn chunks_shrink_towards_the_end_and_never_to_nothing() {
        let limits = Limits::of_slots(NonZeroUsize::new(2).unwrap());
        let sizes = |limit| [1000, 200, 40, 5, 3, 1].map(|ready| chunk(limit, ready, &limits));
        assert_eq!(sizes(32), [32, 25, 5, 4, 3, 1]);
        assert_eq!(sizes(1), [1, 1, 1, 1, 1, 1]);
        assert_eq!(sizes(0), [1, 1, 1, 1, 1, 1]);
        assert_eq!(sizes(usize::MAX), [1000, 200, 40, 5, 3, 1]);
    }
}
