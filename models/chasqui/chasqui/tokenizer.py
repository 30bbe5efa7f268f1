"""Trains the byte-level BPE vocabulary, and encodes with it.

Two things set it apart from an ordinary BPE, both so that a tiny model can copy:

* A word has the same tokens wherever it stands. The pre-tokeniser (that of Qwen2, which llama.cpp
  knows) glues a space, a quote or an underscore to the word behind it; merges that would join
  them are not learned. So "Ilka", " Ilka" and "\\"Ilka" share their tokens, and copying a value from
  a sentence into JSON is copying.
* Only the commonest function words get a merge with the space before them (" the", " is"), at the
  end of the list, which keeps texts short.

Digits stand alone, and every byte is a token: any text goes in and comes out unchanged.
"""

import collections
import json
import re

from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers import decoders, models, pre_tokenizers, trainers

# The pre-tokeniser of Qwen2: `tokenizer.ggml.pre = "qwen2"` in llama.cpp.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TAGS = ["<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"]
SPECIAL = CONTROL + TAGS

# Lower-case words that may carry the space before them: frequent, and seldom a value to copy.
_SPACED_WORDS = 320
_BOUNDARY = "\x1f"
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _pieces(chunk):
    """What merges may join within a pre-tokeniser chunk."""
    head, rest = chunk[:1], chunk[1:]
    if rest and rest[0].isalpha() and not head.isalpha():
        return [head] + _CAMEL.split(rest)
    return _CAMEL.split(chunk) if head.isalpha() else [chunk]


def train(texts, size):
    """A `Tokenizer` with `size` tokens, from an iterable of texts without special tokens."""
    splitter = pre_tokenizers.Split(Regex(SPLIT), "isolated")
    spaced = collections.Counter()

    def prepared():
        for text in texts:
            chunks = [chunk for chunk, _ in splitter.pre_tokenize_str(text)]
            spaced.update(c[1:] for c in chunks if c[0] == " " and c[1:].isalpha() and c.islower())
            yield _BOUNDARY.join(piece for chunk in chunks for piece in _pieces(chunk))

    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_BOUNDARY, "removed"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    learner.train_from_iterator(
        prepared(),
        trainers.BpeTrainer(
            vocab_size=size - len(SPECIAL) - _SPACED_WORDS,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    learned = json.loads(learner.to_str())["model"]
    vocabulary = learned["vocab"]
    merges = [tuple(m) for m in learned["merges"]]
    for word, _ in spaced.most_common():
        if len(vocabulary) == size - len(SPECIAL):
            break
        if word in vocabulary:
            merges.append(("Ġ", word))
            vocabulary["Ġ" + word] = len(vocabulary)
    return assemble(vocabulary, merges)


def assemble(vocabulary, merges):
    """The tokenizer as servers will run it."""
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in CONTROL])
    tokenizer.add_tokens([AddedToken(t, special=False, normalized=False) for t in TAGS])
    return tokenizer


def load(path):
    return Tokenizer.from_file(str(path))
