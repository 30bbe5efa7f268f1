"""The seeded source of every choice, and the wall between training and held-out data.

Two rules keep the evaluation honest:

* Open-class words (names, made-up words, parts of tool names) belong to one split for ever, by a
  hash of the word itself. A held-out prompt therefore carries names that training never saw, or saw
  within other made-up words at most ("Robertena").
* A whole prompt belongs to one split by a hash of its text, so that even a prompt built from
  closed lists ("List the days from Tuesday to Friday") was not trained on.
"""

import hashlib
import random

TRAIN, TEST = "train", "test"

# One word in eight and one prompt in ten are held out: those of bucket 0.
_WORDS, _PROMPTS = 8, 10
# The buckets of words that training has.
TRAIN_BUCKETS = range(1, _WORDS)

# The share of training's words that are made of two.
_SPLICED = 0.4


def _bucket(text, buckets):
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % buckets


def _bucket_of_word(word):
    return _bucket("word " + word.lower(), _WORDS)


def split_of_word(word):
    """The split an open-class word belongs to; case does not matter."""
    return TEST if _bucket_of_word(word) == 0 else TRAIN


def split_of_prompt(text):
    """The split a whole prompt belongs to."""
    return TEST if _bucket("prompt " + text, _PROMPTS) == 0 else TRAIN


_ONSETS = "b br c ch cl d dr f fl g gr h j k kr l m n p pl qu r s sh sk st t th tr v w y z".split()
_VOWELS = "a e i o u a e i o ai ea ia io ou".split()
_CODAS = ["", "", "", "n", "r", "l", "s", "m", "k", "t", "x", "nd", "rn"]


class Source:
    """Random choices for one split. Two sources with one seed make the same choices."""

    def __init__(self, seed, split=TRAIN):
        self.rng = random.Random(seed)
        self.split = split
        # How likely a further earlier exchange is, where an ability makes some.
        self.earlier = 0.14
        # If set: the bucket of most words, so that lists repeat what they have as often as lists of
        # held-out words, of which there are few.
        self.narrow = None

    # Closed lists -----------------------------------------------------------------------------

    def pick(self, options):
        """One of a sequence."""
        return options[self.rng.randrange(len(options))]

    def some(self, options, count):
        """`count` different members of a sequence, in random order."""
        return self.rng.sample(list(options), count)

    def chance(self, probability):
        return self.rng.random() < probability

    def number(self, low, high):
        """An integer from `low` to `high`, both included."""
        return self.rng.randint(low, high)

    def weighted(self, pairs):
        """One value out of `[(value, weight), ...]`."""
        values, weights = zip(*pairs)
        return self.rng.choices(values, weights)[0]

    # Open classes: only words of this source's split -------------------------------------------

    def word(self, options):
        """One member of an open-class list that belongs to this split, or in training a splice of two.

        The list must hold at least a few words of either split; 60 are plenty.
        """
        # Not always: some lists have too few of a bucket for those who want several.
        if self.narrow is not None and self.chance(0.9):
            for _ in range(100):
                word = self.pick(options)
                if _bucket_of_word(word) == self.narrow:
                    return word
        elif self.split == TRAIN and self.chance(_SPLICED):
            word = self._splice(self.pick(options), self.pick(options))
            if split_of_word(word) == self.split:
                return word
        for _ in range(2000):
            word = self.pick(options)
            if split_of_word(word) == self.split:
                return word
        raise ValueError(f"no {self.split} word among {list(options)[:5]}...")

    def _splice(self, one, two):
        """A new word of parts of two: "steam numbers", "Robertena", "fountkin"; `one` where they are no plain words.

        Which token follows which within a word is then to be read in the prompt; the lists alone would be known by
        heart. The parts may be of either split: a token that stands in held-out words only would never be learned.
        """
        heads, tails = one.split(), two.split()
        if len(heads) + len(tails) > 2:
            return f"{heads[0]} {tails[-1]}"
        if not all(word.isascii() and word.isalpha() and len(word) > 3 for word in (one, two)):
            return one
        if self.chance(0.6):
            return one + (two if one.isupper() else two.lower())
        return one[: self.number(2, len(one))] + two[self.number(1, len(two) - 2) :]

    def open_word(self, make):
        """What `make` returns, tried until it belongs to this split."""
        while True:
            word = make()
            if split_of_word(word) == self.split:
                return word

    def made_up(self, syllables=None):
        """A pronounceable lower-case word that nobody has seen, like "brimola"."""
        def word():
            count = syllables or self.number(2, 3)
            return "".join(
                self.pick(_ONSETS) + self.pick(_VOWELS) + (self.pick(_CODAS) if last else "")
                for last in (i == count - 1 for i in range(count))
            )

        return self.open_word(word)

    def code(self, length=None):
        """A random run of letters and digits, like "x7k2p": what only copying can reproduce."""
        alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
        return self.open_word(lambda: "".join(self.pick(alphabet) for _ in range(length or self.number(4, 7))))
