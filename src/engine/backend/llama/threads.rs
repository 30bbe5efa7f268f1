//! How many threads compute: as many as the machine leaves.
//!
//! ggml's threads meet at every operation, and spin until the last one has come. On free cores nothing is quicker.
//! Beside a busy program, a thread that lost its core keeps the others waiting, again at every operation, and fewer
//! threads get more done. What is right changes while the server runs, so it is tried:
//!
//! ```text
//!          the cores are not ours alone          slower
//!   8 threads ──────────▶ trial with 7 ───────────────────────▶ 8 threads
//!       ▲                     │ quicker
//!       │ quicker             ▼           from time to time
//!   trial with 8 ◀──────── 7 threads
//! ```
//!
//! A program on free cores gets as much processor time as it has threads that spin; the share that it gets tells of
//! others, and how many cores they leave, and costs nothing to look at. Trials that fail become rarer.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Passes that are compared, of either kind.
const PASSES: usize = 8;
/// The share of its cores that a process gets when nobody else wants them, with what a measurement may be off.
const UNDISTURBED: f64 = 0.9;
/// A trial must be this much quicker to be followed.
const GAIN: f64 = 0.95;
/// Time of computing between two trials: at first, and at most after failures.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(16));

/// Processor and wall time at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    wall: Instant,
    cpu: Duration,
}

impl Clock {
    pub(super) fn now() -> Self {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        // Both are positive, and nanoseconds are below a second.
        let cpu = Duration::new(cpu.tv_sec.unsigned_abs(), u32::try_from(cpu.tv_nsec).unwrap_or(0));
        Self { wall: Instant::now(), cpu }
    }

    /// What happened since.
    pub(super) fn pass(self, tokens: usize) -> Pass {
        let now = Self::now();
        Pass { tokens, wall: now.wall - self.wall, cpu: now.cpu.saturating_sub(self.cpu) }
    }
}

/// A forward pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass {
    /// Tokens in it.
    pub(super) tokens: usize,
    /// How long it took.
    pub(super) wall: Duration,
    /// Processor time of all threads of the process.
    pub(super) cpu: Duration,
}

/// Chooses the number of threads from how passes go.
#[derive(Debug)]
pub(super) struct Threads {
    most: u32,
    /// How many are in use, trials apart.
    now: u32,
    /// The last passes with it, all of about one size.
    recent: VecDeque<Pass>,
    trial: Option<Trial>,
    fewer: Pauses,
    more: Pauses,
}

/// Another number of threads, tried.
#[derive(Debug)]
struct Trial {
    threads: u32,
    /// `None` until its first pass, which pays for the change, is over.
    passes: Option<Vec<Pass>>,
}

/// When to try next.
#[derive(Debug)]
struct Pauses {
    length: Duration,
    left: Duration,
}

impl Pauses {
    fn new() -> Self {
        Self { length: PAUSE.0, left: PAUSE.0 }
    }

    fn pass(&mut self, time: Duration) {
        self.left = self.left.saturating_sub(time);
    }

    fn failed(&mut self) {
        self.length = (self.length * 2).min(PAUSE.1);
        self.left = self.length;
    }
}

impl Threads {
    /// Begins with `most` threads, which are the most, too.
    pub(super) fn new(most: u32) -> Self {
        let (fewer, more) = (Pauses::new(), Pauses::new());
        Self { most, now: most, recent: VecDeque::new(), trial: None, fewer, more }
    }

    /// Takes notice of a pass. Returns the number of threads for the next ones, if it changes.
    pub(super) fn observe(&mut self, pass: Pass) -> Option<u32> {
        if self.most <= 1 {
            return None;
        }
        self.fewer.pass(pass.wall);
        self.more.pass(pass.wall);
        match self.trial.take() {
            Some(trial) => self.go_on(trial, pass),
            None => self.consider(pass),
        }
    }

    /// Starts a trial if there is a reason.
    fn consider(&mut self, pass: Pass) -> Option<u32> {
        if self.recent.front().is_some_and(|first| !comparable(first, &pass)) {
            self.recent.clear();
        }
        self.recent.push_back(pass);
        if self.recent.len() <= PASSES {
            return None;
        }
        self.recent.pop_front();
        let threads = self.fewer().or_else(|| self.more())?;
        self.trial = Some(Trial { threads, passes: None });
        Some(threads)
    }

    /// What the machine leaves, if that is less than what is in use.
    fn fewer(&self) -> Option<u32> {
        let share = self.share();
        let left = (share * f64::from(self.now)).round() as u32;
        (self.now > 1 && self.fewer.left.is_zero() && share < UNDISTURBED)
            .then(|| left.clamp(1, self.now - 1))
    }

    /// A third more, to see whether the machine leaves them.
    fn more(&self) -> Option<u32> {
        (self.now < self.most && self.more.left.is_zero()).then(|| (self.now * 4).div_ceil(3).min(self.most))
    }

    /// Ends a trial as soon as it is decided.
    fn go_on(&mut self, Trial { threads, passes }: Trial, pass: Pass) -> Option<u32> {
        let Some(first) = self.recent.front().filter(|first| comparable(first, &pass)) else {
            // Other work than before: nothing to compare with. Once more, soon.
            self.recent.clear();
            self.pauses(threads).left = PAUSE.0;
            return Some(self.now);
        };
        let first = first.wall;
        let Some(mut passes) = passes else {
            // A first pass that takes as long as all before together says enough.
            if pass.wall > first * PASSES as u32 {
                return self.back(threads);
            }
            self.trial = Some(Trial { threads, passes: Some(Vec::with_capacity(PASSES)) });
            return None;
        };
        passes.push(pass);
        let wall = |passes: &mut dyn Iterator<Item = &Pass>| passes.map(|p| p.wall).sum::<Duration>();
        let (before, now) = (wall(&mut self.recent.iter()).mul_f64(GAIN), wall(&mut passes.iter()));
        if now > before {
            return self.back(threads);
        }
        if passes.len() < PASSES {
            self.trial = Some(Trial { threads, passes: Some(passes) });
            return None;
        }
        tracing::debug!(threads, of = self.most, "another number of threads serves better");
        self.now = threads;
        self.recent = passes.into();
        (self.fewer, self.more) = (Pauses::new(), Pauses::new());
        None
    }

    fn back(&mut self, from: u32) -> Option<u32> {
        self.pauses(from).failed();
        Some(self.now)
    }

    /// Those between trials in the direction of so many threads.
    fn pauses(&mut self, threads: u32) -> &mut Pauses {
        if threads < self.now { &mut self.fewer } else { &mut self.more }
    }

    /// Of the cores that the threads could have used, how much they got.
    fn share(&self) -> f64 {
        let sum = |of: fn(&Pass) -> Duration| self.recent.iter().map(of).sum::<Duration>().as_secs_f64();
        sum(|p| p.cpu) / (sum(|p| p.wall) * f64::from(self.now)).max(f64::MIN_POSITIVE)
    }
}

/// Whether two passes are of about one size.
fn comparable(a: &Pass, b: &Pass) -> bool {
    a.tokens.abs_diff(b.tokens) * 8 <= a.tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine of some cores, on which others keep some busy.
    struct Machine {
        threads: Threads,
        using: u32,
        cores: u32,
        busy: u32,
    }

    impl Machine {
        fn new(cores: u32) -> Self {
            Self { threads: Threads::new(cores), using: cores, cores, busy: 0 }
        }

        /// A pass of 8 ms of work, which takes twenty times as long if a thread has no core of its own.
        fn pass(&mut self, tokens: usize) -> Duration {
            let free = self.cores - self.busy;
            let work = Duration::from_millis(8) * tokens as u32 / 8 / self.using;
            let (wall, got) = if self.using <= free { (work, self.using) } else { (work * 20, free.max(1)) };
            if let Some(threads) = self.threads.observe(Pass { tokens, wall, cpu: wall * got }) {
                self.using = threads;
            }
            wall
        }

        /// Passes until so much time is gone; returns how many.
        fn run(&mut self, time: Duration) -> u32 {
            let (mut spent, mut passes) = (Duration::ZERO, 0);
            while spent < time {
                spent += self.pass(8);
                passes += 1;
            }
            passes
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn free_cores_are_all_used() {
        let mut machine = Machine::new(8);
        assert_eq!(machine.run(10 * SECOND), 10_000);
        assert_eq!(machine.using, 8);
    }

    #[test]
    fn a_neighbour_is_made_room_for_and_its_cores_are_taken_back() {
        let mut machine = Machine::new(8);
        machine.run(SECOND);
        machine.busy = 1;
        machine.run(2 * SECOND);
        assert_eq!(machine.using, 7);
        // Trials with all of them cost little.
        let best = 10_000 * 7 / 8;
        assert!(machine.run(10 * SECOND) > best * 9 / 10);
        machine.busy = 0;
        machine.run(20 * SECOND);
        assert_eq!(machine.using, 8);
    }

    #[test]
    fn many_neighbours_leave_one_thread() {
        let mut machine = Machine::new(8);
        machine.busy = 7;
        machine.run(10 * SECOND);
        assert_eq!(machine.using, 1);
        machine.busy = 4;
        machine.run(60 * SECOND);
        assert_eq!(machine.using, 4);
    }

    #[test]
    fn passes_of_other_sizes_are_not_compared() {
        let mut machine = Machine::new(2);
        machine.busy = 1;
        for tokens in [8, 400].repeat(1000) {
            machine.pass(tokens);
        }
        assert_eq!(machine.using, 2);
        machine.run(3 * SECOND);
        assert_eq!(machine.using, 1);
    }

    #[test]
    fn a_trial_that_meets_other_work_is_given_up() {
        let mut machine = Machine::new(2);
        machine.busy = 1;
        while machine.using == 2 {
            machine.pass(8);
        }
        machine.pass(400);
        assert_eq!(machine.using, 2);
    }

    #[test]
    fn one_core_needs_no_choice() {
        let mut machine = Machine::new(1);
        machine.busy = 1;
        machine.run(SECOND);
        assert_eq!(machine.using, 1);
    }

    #[test]
    fn the_clock_counts_processor_time() {
        let clock = Clock::now();
        let mut x = 1_u64;
        while clock.pass(1).cpu < Duration::from_millis(2) {
            x = std::hint::black_box(x.wrapping_mul(3));
        }
        assert!(clock.pass(1).wall > Duration::ZERO);
    }
}
