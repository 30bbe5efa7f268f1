//! The loop: which texts share a pass, and what becomes of its vectors.

use std::collections::VecDeque;
use std::time::Instant;

use crossbeam::channel::Receiver;
use tracing::error;

use super::{Answers, Jobs};
use crate::engine::backend::{Embedder, EmbedderSizes};
use crate::engine::protocol::{DeviceMemory, Embeddings, Event, RequestError, RequestId, Token};

/// Most requests whose texts take turns. More wait before the tokeniser, as text.
const MOST_REQUESTS: usize = 256;

/// A tokenised request.
pub(super) struct Job {
    id: RequestId,
    submitted: Instant,
    texts: Vec<Vec<Token>>,
    /// Of the first of the texts.
    vectors: Vec<Vec<f32>>,
    /// When its first pass began.
    began: Option<Instant>,
}

impl Job {
    pub(super) fn new(id: RequestId, submitted: Instant, texts: Vec<Vec<Token>>) -> Self {
        Self { id, submitted, texts, vectors: Vec::new(), began: None }
    }

    fn is_done(&self) -> bool {
        self.vectors.len() == self.texts.len()
    }

    fn answer(&mut self) -> Embeddings {
        let now = Instant::now();
        let began = self.began.unwrap_or(now);
        let tokens: usize = self.texts.iter().map(Vec::len).sum();
        Embeddings {
            vectors: std::mem::take(&mut self.vectors),
            prompt_tokens: u32::try_from(tokens).unwrap_or(u32::MAX),
            queue_ns: (began - self.submitted).as_nanos() as u64,
            compute_ns: (now - began).as_nanos() as u64,
        }
    }
}

/// A text in a pass: which request, and which of its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pick {
    pub(super) job: usize,
    pub(super) text: usize,
}

/// Computes vectors until the front is gone.
pub struct EmbeddingLoop<E> {
    embedder: E,
    jobs: Receiver<Job>,
    answers: Answers,
    queue: VecDeque<Job>,
    /// What the front knows.
    memory: Vec<DeviceMemory>,
}

impl<E: Embedder> EmbeddingLoop<E> {
    /// A loop over what the tokeniser hands on.
    pub fn new(embedder: E, jobs: Jobs) -> Self {
        let Jobs { jobs, answers } = jobs;
        let memory = embedder.memory();
        Self { embedder, jobs, answers, queue: VecDeque::new(), memory }
    }

    /// Runs until the front is gone.
    pub fn run(mut self) {
        while self.take_jobs() {
            if !self.queue.is_empty() {
                self.pass();
            }
        }
    }

    /// Drops what nobody waits for, and waits for a request if there is none. False at the end.
    fn take_jobs(&mut self) -> bool {
        self.queue.retain(|job| self.answers.wanted(job.id));
        if self.queue.is_empty() {
            match self.jobs.recv() {
                Ok(job) => self.queue.push_back(job),
                Err(_) => return false,
            }
        }
        while self.queue.len() < MOST_REQUESTS
            && let Ok(job) = self.jobs.try_recv()
        {
            self.queue.push_back(job);
        }
        self.queue.retain(|job| self.answers.wanted(job.id));
        true
    }

    fn pass(&mut self) {
        let now = Instant::now();
        let lengths: Vec<(&[Vec<Token>], usize)> =
            self.queue.iter().map(|job| (job.texts.as_slice(), job.vectors.len())).collect();
        let picks = pick(&lengths, self.embedder.sizes());
        let texts: Vec<&[Token]> =
            picks.iter().map(|pick| self.queue[pick.job].texts[pick.text].as_slice()).collect();
        let result = self.embedder.embed(&texts);
        self.report_memory();
        for pick in &picks {
            self.queue[pick.job].began.get_or_insert(now);
        }
        match result {
            Ok(vectors) => {
                for (pick, vector) in picks.iter().zip(vectors) {
                    self.queue[pick.job].vectors.push(vector);
                }
            }
            Err(reason) => {
                error!(reason, texts = picks.len(), "texts not embedded");
                for pick in &picks {
                    let error = RequestError::Backend(reason.clone());
                    self.answers.give(self.queue[pick.job].id, Err(error));
                }
            }
        }
        self.finish();
    }

    /// Tells the front if the engine takes more than before.
    fn report_memory(&mut self) {
        let memory = self.embedder.memory();
        if memory != self.memory {
            self.memory.clone_from(&memory);
            // If this fails, the front is gone, and the process ends.
            let _ = self.answers.events.send(Event::Memory(memory));
        }
    }

    /// Answers what is complete. The others take turns in being the first.
    fn finish(&mut self) {
        for job in self.queue.iter_mut().filter(|job| job.is_done()) {
            self.answers.give(job.id, Ok(job.answer()));
        }
        self.queue.retain(|job| self.answers.wanted(job.id));
        if !self.queue.is_empty() {
            self.queue.rotate_left(1);
        }
    }
}

/// The texts of the next pass: of each request one in turn, in the order of its texts, as long as they fit. `queue` holds
/// the texts of each request and how many of them are done. The first always fits: it may need more than a pass.
pub(super) fn pick(queue: &[(&[Vec<Token>], usize)], sizes: EmbedderSizes) -> Vec<Pick> {
    let mut next: Vec<usize> = queue.iter().map(|(_, done)| *done).collect();
    let (mut picks, mut tokens) = (Vec::new(), 0);
    loop {
        let before = picks.len();
        for (job, (texts, _)) in queue.iter().enumerate() {
            let Some(text) = texts.get(next[job]) else { continue };
            let fits =
                tokens + text.len() <= sizes.pass_tokens as usize && picks.len() < sizes.texts as usize;
            if fits || picks.is_empty() {
                picks.push(Pick { job, text: next[job] });
                next[job] += 1;
                tokens += text.len();
            }
        }
        if picks.len() == before {
            return picks;
        }
    }
}
