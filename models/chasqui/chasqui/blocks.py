"""Makes blocks of the corpus ahead of the training, and batches of them.

On a CPU that trains, one process beside it keeps up; a GPU wants as many as there are cores.
"""

import collections
import concurrent.futures
import multiprocessing

from . import corpus, tokenizer

# Roughly; shares follow the number of a block, so that block `n` is always the same.
TOKENS = 2.9e5


def copy_share(done):
    """The curriculum: half of the texts only copy at first, a few of them always."""
    return 0.5 if done < 2e6 else 0.25 if done < 5e6 else 0.07


def long_share(done, total):
    """The share of long conversations: they come late, when they teach more than they cost."""
    return 0.0 if done < 0.4 * total else 0.01


def _start(path):
    global _vocabulary
    _vocabulary = tokenizer.load(path)


def _make(seed, number, total):
    done = number * TOKENS
    return corpus.block(seed, number, _vocabulary, copy_share(done), long_share(done, total))


class Blocks:
    """An endless iterator of `(number of the next block, batches)`, from a block on."""

    def __init__(self, seed, vocabulary, first, total, lengths, tokens_a_batch, workers):
        # Forked workers would carry the locks of torch's threads along.
        context = multiprocessing.get_context("spawn")
        self.pool = concurrent.futures.ProcessPoolExecutor(workers, context, _start, (vocabulary,))
        self.seed, self.total = seed, total
        self.lengths, self.tokens_a_batch = lengths, tokens_a_batch
        self.asked, self.number = first, first
        self.waiting = collections.deque()
        self.ahead = 2 * workers
        self.rest = []

    def __iter__(self):
        return self

    def __next__(self):
        while len(self.waiting) < self.ahead:
            self.waiting.append(self.pool.submit(_make, self.seed, self.asked, self.total))
            self.asked += 1
        texts = self.waiting.popleft().result()
        made, self.rest = corpus.batches(self.rest + texts, self.lengths, self.tokens_a_batch, self.number)
        self.number += 1
        return self.number, made
