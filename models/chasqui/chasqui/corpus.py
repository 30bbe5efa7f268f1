"""The endless corpus: samples of all abilities in their proportions, as tokens and weights.

Block `n` of the corpus is a function of the seed and `n` alone, so training can stop anywhere and
go on where it was.
"""

import copy
import json
import random
from dataclasses import dataclass

import numpy

from . import render
from .abilities import about, basics, by_heart, json_answers, memory, other, persona, story, thinking, tools, words
from .source import TEST, TRAIN, TRAIN_BUCKETS, Source, split_of_prompt

# Ability -> (its module, share of samples). Shares follow how hard an ability is to learn, and how
# much depends on it: tool calls first. Their samples are long: 26 of 156 are half of all tokens.
ABILITIES = {
    "tools": (tools, 26),
    "memory": (memory, 16),
    "json": (json_answers, 18),
    "think": (thinking, 30),
    "basics": (basics, 38),
    "persona": (persona, 10),
    "about": (about, 6),
    "other": (other, 3),
    "words": (words, 7),
    "story": (story, 2),
}

# Samples that get a short history of other exchanges.
_HISTORY_SHARE = 0.12

# How likely a further earlier exchange is in a conversation with tools.
_EARLIER = 0.65

# What a prompt's tokens weigh against an answer's, and which share of them is learned at all.
# A little of it teaches what prompts look like; more would spend the model's size on them.
_PROMPT_WEIGHT, _PROMPT_SHARE = 0.2, 0.25
# A story has many tokens, each with many right continuations.
_STORY_WEIGHT = 0.3


@dataclass
class Text:
    """A tokenised training text. `weights[i]` is the weight of predicting `tokens[i]`."""

    tokens: numpy.ndarray
    weights: numpy.ndarray


def prompt_key(sample):
    """What names a prompt for the split: everything up to the last user message."""
    last = max(i for i, m in enumerate(sample.messages) if m["role"] == "user")
    return json.dumps([sample.messages[: last + 1], sample.tools], ensure_ascii=False)


def make(ability, source, think):
    """A sample of an ability whose prompt is in the source's split."""
    module, _ = ABILITIES[ability]
    while True:
        sample = module.make(source, think)
        if split_of_prompt(prompt_key(sample)) == source.split:
            return sample


def draw(source):
    """A sample of the mixture."""
    ability = source.weighted([(name, share) for name, (_, share) in ABILITIES.items()])
    # Derivations are what the thinking ability is about; elsewhere thinking is on in little more than half.
    return make(ability, source, source.chance(0.62 if ability == "think" else 0.58))


# Abilities whose exchanges may stand in the history of any other sample: they state no facts about the
# user, set no rules, and need no tools.
_HISTORY = ["basics", "words", "about", "other", "json", "think"]


def lengthen(sample, source, exchanges):
    """Puts finished exchanges before the question: what a longer conversation looks like.

    They go behind the first exchange, so that a fact told there must be kept over all of them; a
    sample with one question gets them before it, behind its system prompt.
    """
    messages = sample.messages
    start = 1 if messages[0]["role"] == "system" else 0
    roles = [message["role"] for message in messages[start:]]
    if roles[:3] == ["user", "assistant", "user"]:
        start += 2
    history = []
    while len(history) < exchanges * 2:
        module, _ = ABILITIES[source.pick(_HISTORY)]
        other_sample = module.make(source, False)
        if not other_sample.tools and other_sample.messages[0]["role"] == "user":
            history += other_sample.messages
    sample.messages = messages[:start] + history + messages[start:]
    return sample


def restyle(tools_list, source):
    """Tools as other programs write them: other key orders, and keys that only some send."""
    styled = []
    properties_last, extra = source.chance(0.3), source.chance(0.15)
    for tool in copy.deepcopy(tools_list):
        function = tool["function"]
        parameters = function.get("parameters")
        if parameters and properties_last and "properties" in parameters:
            parameters["properties"] = parameters.pop("properties")
        if parameters and extra:
            parameters["additionalProperties"] = False
        if extra and source.chance(0.5):
            function["strict"] = True
        styled.append(tool)
    return styled


def encode(pieces, tokenizer, source, weight=1.0):
    """One training text as tokens and weights, closed by the end-of-text token."""
    tokens, weights = [], []
    for text, kind in pieces:
        ids = tokenizer.encode(text).ids
        tokens += ids
        if kind == render.PROMPT:
            weights += [_PROMPT_WEIGHT if source.chance(_PROMPT_SHARE) else 0.0 for _ in ids]
        else:
            weights += [weight] * len(ids)
            if kind == render.EARLIER:
                weights[-len(ids)] = 0.0
    return Text(numpy.array(tokens, numpy.int32), numpy.array(weights, numpy.float32))


# The share of texts that are tables of what must be known by heart.
_BY_HEART = 0.08

# The share of samples whose words come from one eighth of them for the most part, as those of held-out samples do.
_NARROW = 0.3


def plain(text, tokenizer):
    """A text that is no conversation, such as strings stated and asked for again; all of it is learned."""
    ids = tokenizer.encode(text).ids
    return Text(numpy.array(ids, numpy.int32), numpy.full(len(ids), 0.5, numpy.float32))


def block(seed, number, tokenizer, copy_share, long_share, size=1500, longest=4096):
    """Block `number`: at least `size` texts of at most `longest` tokens.

    `copy_share` of them are texts of the curriculum, and `long_share` conversations that fill much of
    the context; some of the others have a short history.
    """
    source = Source(f"{seed} {number}", TRAIN)
    # Tool definitions are long: more exchanges under one of them teach more for the same work.
    source.earlier = _EARLIER
    texts = []
    while len(texts) < size:
        source.narrow = None
        if source.chance(copy_share):
            texts.append(plain(basics.copying(source), tokenizer))
            continue
        if source.chance(_BY_HEART):
            texts.append(plain(by_heart.by_heart(source), tokenizer))
            continue
        if source.chance(_NARROW):
            source.narrow = source.pick(TRAIN_BUCKETS)
        sample = draw(source)
        sample.tools = restyle(sample.tools, source)
        if source.chance(long_share):
            sample = lengthen(sample, source, source.number(15, 80))
        elif source.chance(_HISTORY_SHARE):
            sample = lengthen(sample, source, source.number(1, 4))
        weight = _STORY_WEIGHT if sample.ability == "story" else 1.0
        for pieces in render.training_texts(sample):
            texts.append(encode(pieces, tokenizer, source, weight))
    return [t for t in texts if 8 <= len(t.tokens) <= longest]


def batches(texts, lengths, tokens_per_batch, seed):
    """Batches `(tokens, weights)` of texts of similar length, padded to one of `lengths`.

    ```text
      row 0   t t t t t t t t t t . .      right-padded: attention is causal, so padding is
      row 1   t t t t t t t t t t t t      seen by nobody, and its weight is 0
    ```
    """
    random.Random(seed).shuffle(texts)
    made, waiting = [], {}
    for text in texts:
        length = next(n for n in lengths if n >= len(text.tokens))
        rows = waiting.setdefault(length, [])
        rows.append(text)
        if len(rows) * length >= tokens_per_batch:
            made.append(_pad(rows, length))
            waiting[length] = []
    random.Random(seed + 1).shuffle(made)
    return made, [text for rows in waiting.values() for text in rows]


def _pad(rows, length):
    tokens = numpy.zeros((len(rows), length), numpy.int64)
    weights = numpy.zeros((len(rows), length), numpy.float32)
    for row, text in enumerate(rows):
        tokens[row, : len(text.tokens)] = text.tokens
        weights[row, : len(text.tokens)] = text.weights
    return tokens, weights


def held_out(ability, think, count, seed=0):
    """`count` different held-out samples."""
    source = Source(f"held out {seed} {ability} {think}", TEST)
    found = {}
    for _ in range(count * 50):
        sample = make(ability, source, think)
        found.setdefault(prompt_key(sample), sample)
        if len(found) == count:
            break
    return list(found.values())


def plain_texts(seed, count):
    """Texts without special tokens, for training the tokenizer."""
    source = Source(f"{seed} tokenizer")
    for _ in range(count):
        sample = draw(source)
        for message in sample.messages:
            yield message["content"]
            yield message.get("reasoning_content", "")
            for call in message.get("tool_calls", ()):
                yield json.dumps(call["function"], ensure_ascii=False)
        for tool in sample.tools:
            yield json.dumps(tool, ensure_ascii=False)
