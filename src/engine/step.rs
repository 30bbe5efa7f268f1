//! The step loop: commands in, one forward pass, a token for each sequence, one report out.
//!
//! ```text
//!   drain commands ─▶ plan ─▶ decode ─▶ commit ─▶ sample all rows ─▶ text, stops, limits ─▶ report
//!        ▲                                                                                    │
//!        └────────────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! One thread runs it and owns the backend and the scheduler. It blocks on nothing but its next command, and
//! on that only when there is nothing to compute.

use std::sync::Arc;
use std::time::Instant;

use crossbeam::channel::{Receiver, Sender, TryRecvError};
use tracing::{error, warn};

use super::backend::{Backend, DecodeError, Vocabulary};
use super::grammar::{Ahead, Guided, Next as Guidance};
use super::protocol::{
    Event, Finish, FinishReason, RequestError, RequestId, StepReport, TokenChance, TokenLogprob, Update,
};
use super::request::{Request, summary};
use super::sampler::{Chances, Choice, Job, Scratch, sample_rows};
use super::scheduler::{Plan, Scheduler};
use super::sequence::Sequence;

/// Tokens whose text may be held back before the front hears of them.
const SILENT_TOKENS: u32 = 32;

/// What the intake hands to the loop.
pub enum Order {
    /// A tokenised request.
    Run(Box<Sequence<Request>>),
    /// A request that cannot run.
    Refuse(RequestId, RequestError),
    /// Stop a request, if it is still there.
    Cancel(RequestId),
    /// Its client read so many tokens.
    Credit(RequestId, u32),
}

/// Where a sequence stands after a token.
enum Next {
    GoOn,
    End(FinishReason),
    /// The context is full; cut it and go on.
    Shift,
}

/// The loop of one model.
pub struct StepLoop<B> {
    backend: B,
    vocabulary: Arc<dyn Vocabulary>,
    scheduler: Scheduler<Request>,
    orders: Receiver<Order>,
    events: Sender<Event>,
    ahead: Ahead,
    scratch: Vec<Scratch>,
}

/// What becomes of a row of logits.
enum Outcome {
    /// A token is chosen from it.
    Sampled,
    /// The form of the answer is complete; the row was for nothing.
    Complete,
    /// The form cannot be enforced any further.
    Broke(String),
}

impl<B: Backend> StepLoop<B> {
    /// A loop over an empty backend.
    pub fn new(
        backend: B,
        vocabulary: Arc<dyn Vocabulary>,
        scheduler: Scheduler<Request>,
        orders: Receiver<Order>,
        events: Sender<Event>,
        ahead: Ahead,
    ) -> Self {
        Self { backend, vocabulary, scheduler, orders, events, ahead, scratch: Vec::new() }
    }

    /// Runs until the front is gone.
    pub fn run(mut self) {
        loop {
            let mut report = StepReport::default();
            if !self.take_orders(&mut report.updates) {
                return;
            }
            self.step(&mut report);
            if report.stats.batch_tokens == 0 && report.updates.is_empty() {
                continue;
            }
            if self.events.send(Event::Step(Box::new(report))).is_err() {
                return;
            }
        }
    }

    /// Waits for an order if there is nothing to compute, then takes all that are there. False at the end.
    fn take_orders(&mut self, updates: &mut Vec<Update>) -> bool {
        if self.scheduler.is_idle() {
            match self.orders.recv() {
                Ok(order) => self.follow(order, updates),
                Err(_) => return false,
            }
        }
        loop {
            match self.orders.try_recv() {
                Ok(order) => self.follow(order, updates),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn follow(&mut self, order: Order, updates: &mut Vec<Update>) {
        match order {
            // Nothing to generate: the answer is empty and complete.
            Order::Run(sequence) if sequence.max_new == 0 => {
                updates.push(done(*sequence, FinishReason::Length));
            }
            Order::Run(sequence) => self.scheduler.submit(*sequence),
            Order::Refuse(id, error) => updates.push(failed(id, error)),
            Order::Credit(id, tokens) => self.scheduler.credit(id, tokens),
            Order::Cancel(id) => {
                if let Some(sequence) = self.scheduler.cancel(id, &mut self.backend) {
                    updates.push(done(sequence, FinishReason::Cancelled));
                }
            }
        }
    }

    fn step(&mut self, report: &mut StepReport) {
        let began = Instant::now();
        let plan = self.scheduler.plan(&mut self.backend);
        if !plan.batch.is_empty() {
            for chunk in &plan.chunks {
                self.scheduler.running(chunk.index()).payload.times.scheduled(began);
            }
            match self.backend.decode(&plan.batch) {
                Ok(()) => {
                    self.scheduler.commit(&plan, began.elapsed(), &mut self.backend);
                    self.choose(&plan, &mut report.updates);
                }
                Err(fault) => self.recover(&plan, fault, &mut report.updates),
            }
            if cfg!(debug_assertions) {
                self.scheduler.check(&mut self.backend);
            }
        }
        report.stats = self.scheduler.stats();
        report.stats.batch_tokens = plan.batch.len() as u32;
        report.stats.prefill_tokens = plan.prefill_tokens;
        if !plan.batch.is_empty() {
            report.stats.step_us = u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX);
        }
    }

    /// Samples a token for every row, and decides what becomes of its sequence.
    fn choose(&mut self, plan: &Plan, updates: &mut Vec<Update>) {
        let mut outcomes = Vec::new();
        let mut jobs = Vec::new();
        for (index, row, sequence) in self.scheduler.outputs(plan) {
            let Request { sampler, guide, logprobs, .. } = &mut sequence.payload;
            let mask = match guide.as_mut().map(Guided::upcoming) {
                None => None,
                Some(Ok(Guidance::Token(mask))) => Some(mask),
                Some(Ok(Guidance::End)) => {
                    outcomes.push((index, Outcome::Complete));
                    continue;
                }
                Some(Err(error)) => {
                    outcomes.push((index, Outcome::Broke(error.to_string())));
                    continue;
                }
            };
            outcomes.push((index, Outcome::Sampled));
            let logits = self.backend.logits(row);
            jobs.push(Job { logits, history: &sequence.tokens, logprobs: *logprobs, sampler, mask });
        }
        let mut choices = sample_rows(&mut self.scratch, &mut jobs);
        let now = Instant::now();
        // From the highest index down: ending a sequence moves those above it. Outputs come lowest first.
        for (index, outcome) in outcomes.into_iter().rev() {
            match outcome {
                Outcome::Sampled => {
                    let Some(choice) = choices.pop() else { continue };
                    self.chosen(index, choice, now, updates);
                }
                Outcome::Complete => {
                    let sequence = self.scheduler.finish(index, &mut self.backend);
                    updates.push(done(sequence, FinishReason::Stop));
                }
                Outcome::Broke(reason) => {
                    warn!(reason, "a grammar broke");
                    let sequence = self.scheduler.finish(index, &mut self.backend);
                    updates.push(failed(sequence.id, RequestError::ConstraintBroke(reason)));
                }
            }
        }
    }

    /// Adds a token to its sequence, and decides what becomes of that.
    fn chosen(&mut self, index: usize, choice: Choice, now: Instant, updates: &mut Vec<Update>) {
        let sequence = self.scheduler.running(index);
        sequence.payload.times.token(now);
        let token = choice.token;
        let next = accept(sequence, choice, self.vocabulary.as_ref());
        if let Next::End(reason) = next {
            let sequence = self.scheduler.finish(index, &mut self.backend);
            updates.push(done(sequence, reason));
            return;
        }
        if let Some(guide) = &mut sequence.payload.guide {
            guide.advance(token, &self.ahead);
        }
        updates.extend(delta(sequence));
        if let Next::Shift = next {
            self.shift(index);
        }
    }

    fn shift(&mut self, index: usize) {
        let sequence = self.scheduler.running(index);
        let keep = sequence.payload.shift_keep.unwrap_or(0);
        let drop = ((sequence.limit - keep) / 2).max(1);
        self.scheduler.shift(index, keep, drop, &mut self.backend);
    }

    fn recover(&mut self, plan: &Plan, fault: DecodeError, updates: &mut Vec<Update>) {
        let fault = match fault {
            DecodeError::NoSlot => {
                warn!(
                    "no free cells although the accounting has some; dropping cached and younger sequences"
                );
                if self.scheduler.shed(&mut self.backend) {
                    return;
                }
                "no free cells in the KV pool".to_owned()
            }
            DecodeError::Failed(reason) => reason,
        };
        error!(reason = fault, sequences = plan.chunks.len(), "forward pass failed");
        let mut indices: Vec<usize> = plan.chunks.iter().map(|chunk| chunk.index()).collect();
        indices.sort_unstable_by_key(|&index| std::cmp::Reverse(index));
        for index in indices {
            let sequence = self.scheduler.discard(index, &mut self.backend);
            updates.push(failed(sequence.id, RequestError::Backend(fault.clone())));
        }
    }
}

/// Adds a chosen token to its sequence.
fn accept(sequence: &mut Sequence<Request>, choice: Choice, vocabulary: &dyn Vocabulary) -> Next {
    let token = choice.token;
    sequence.payload.unreported += 1;
    if vocabulary.is_end(token) {
        // It counts as generated, but is no part of the text, nor of the past of a next turn.
        sequence.generated += 1;
        return Next::End(FinishReason::Stop);
    }
    sequence.push(token);
    let request = &mut sequence.payload;
    let piece = |token| request.visible.piece(token, vocabulary);
    let logprob = choice.logprobs.map(|chances| spell(token, &chances, piece));
    if request.text.push(piece(token), logprob) {
        return Next::End(FinishReason::Stop);
    }
    if sequence.generated >= sequence.max_new {
        return Next::End(FinishReason::Length);
    }
    match (sequence.len() >= sequence.limit, sequence.payload.shift_keep) {
        (false, _) => Next::GoOn,
        (true, Some(_)) => Next::Shift,
        (true, None) => Next::End(FinishReason::Length),
    }
}

/// Adds the tokens' bytes to their log-probabilities.
fn spell<'p>(token: u32, chances: &Chances, piece: impl Fn(u32) -> &'p [u8]) -> TokenLogprob {
    let chance = |token: u32, logprob: f32| TokenChance { bytes: piece(token).to_vec(), logprob };
    TokenLogprob {
        chosen: chance(token, chances.chosen.logprob),
        top: chances.top.iter().map(|c| chance(c.token, c.logprob)).collect(),
    }
}

/// What a running sequence has to say, if its client can use it.
fn delta(sequence: &mut Sequence<Request>) -> Option<Update> {
    let (text, logprobs) = sequence.payload.text.take();
    // Tokens without text are told of now and then all the same: they use up credit.
    if text.is_empty() && logprobs.is_empty() && sequence.payload.unreported < SILENT_TOKENS {
        return None;
    }
    let tokens = std::mem::take(&mut sequence.payload.unreported);
    Some(Update { id: sequence.id, text, tokens, logprobs, finish: None })
}

fn done(mut sequence: Sequence<Request>, reason: FinishReason) -> Update {
    let (text, logprobs) = sequence.payload.text.finish();
    let tokens = sequence.payload.unreported;
    let finish = Some(Finish::Done(Box::new(summary(&mut sequence, reason, Instant::now()))));
    Update { id: sequence.id, text, tokens, logprobs, finish }
}

fn failed(id: RequestId, error: RequestError) -> Update {
    Update { id, text: String::new(), tokens: 0, logprobs: Vec::new(), finish: Some(Finish::Failed(error)) }
}
