"""Teaches to know its limits: what lies outside the abilities gets one polite sentence.

Requests of every kind are made from patterns and open words, so that the model learns "not one of
mine" instead of a list. Small talk, pings and nonsense have canonical answers of their own.
"""

from ..sample import Sample, contains
from .common import (ANIMALS, CITIES, FOODS, HOBBIES, JOBS, OBJECTS, given_name, maybe_system, polish,
                     simple_question, small_talk)
from .other_data import (CANNOT, IMPERATIVES, LANGUAGES, MASH, NOT_UNDERSTOOD, PEOPLE, PINGS, PLACES,
                         PREFIXES,
                         REQUESTS, REQUEST_WEIGHTS, SPOKEN, TOPICS)

ABILITY = "other"

# What each slot of a request is filled with.
_SLOTS = {
    "topic": lambda s: s.made_up() if s.chance(0.1) else s.word(TOPICS),
    "topic2": lambda s: s.word(TOPICS),
    "place": lambda s: s.word(CITIES) if s.chance(0.3) else s.word(PLACES),
    "place2": lambda s: s.word(PLACES),
    "person": lambda s: f"{given_name(s)} {s.made_up().capitalize()}" if s.chance(0.3) else s.word(PEOPLE),
    "person2": lambda s: s.word(PEOPLE),
    "thing": lambda s: s.word(OBJECTS),
    "animal": lambda s: s.word(ANIMALS),
    "food": lambda s: s.word(FOODS),
    "food2": lambda s: s.word(FOODS),
    "job": lambda s: s.word(JOBS),
    "hobby": lambda s: s.word(HOBBIES),
    "name": lambda s: f"{given_name(s)} {s.made_up().capitalize()}",
    "word": lambda s: s.made_up() if s.chance(0.5) else s.word(OBJECTS + FOODS + TOPICS),
    "cap": lambda s: s.made_up().capitalize(),
    "lang": lambda s: s.pick(LANGUAGES),
    "lang2": lambda s: s.pick(LANGUAGES),
    "spoken": lambda s: s.pick(SPOKEN),
    "year": lambda s: str(s.number(1200, 2040)),
    "n": lambda s: str(s.number(3, 99)),
    "m": lambda s: str(s.number(2, 60)),
    "big": lambda s: str(s.number(101, 99999)),
    "big2": lambda s: str(s.number(21, 9999)),
}


def _fill(source, phrasing):
    for slot, make_value in _SLOTS.items():
        if "{" + slot + "}" in phrasing:
            phrasing = phrasing.replace("{" + slot + "}", make_value(source))
    return phrasing


def _request(source):
    """`(a request that is outside the abilities, the one answer, what the check wants)`."""
    phrasing = source.pick(REQUESTS[source.weighted(REQUEST_WEIGHTS)])
    if phrasing.startswith(IMPERATIVES) and source.chance(0.3):
        low = phrasing[:1].lower() + phrasing[1:]
        frame = source.pick(PREFIXES)
        if frame.startswith(("Can", "Could", "Would")) and low.endswith("."):
            low = low[:-1] + "?"
        phrasing = frame.replace("{l}", low)
    return _fill(source, polish(source, phrasing)), CANNOT, "built-in model"


def _small_talk(source):
    prompt, answer = small_talk(source)
    return prompt, answer, answer


def _ping(source):
    prompts, answer, wanted = source.pick(PINGS)
    return source.pick(prompts), answer, wanted


def _gibberish(source):
    """Keys hit at random, or letters without a word."""
    kind = source.number(1, 3)
    if kind == 1:
        text = "".join(source.word(MASH) for _ in range(source.number(1, 3)))
    elif kind == 2:
        text = " ".join(source.word(MASH) for _ in range(source.number(1, 4)))
    else:
        text = "".join(source.pick("bcdfghjklmnpqrstvwxz") for _ in range(source.number(5, 14)))
    if source.chance(0.15):
        text = text.upper()
    return text + source.pick(["", "", "", "?", "!", "..."]), NOT_UNDERSTOOD, "not understand"


_SUB_KINDS = [(_request, 74), (_small_talk, 12), (_ping, 5), (_gibberish, 9)]


def make(source, think):
    return _conversation(source, think, source.weighted(_SUB_KINDS))


def _conversation(source, think, last):
    """Up to three earlier exchanges, then a prompt of the kind."""
    messages = maybe_system(source)
    for _ in range(source.weighted([(0, 6), (1, 3), (2, 1), (3, 1)])):
        if source.chance(0.3):
            prompt, answer = simple_question(source)
        else:
            prompt, answer, _ = source.weighted(_SUB_KINDS)(source)
        messages += [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
    prompt, answer, wanted = last(source)
    final = {"role": "assistant", "content": answer}
    if think:
        final["reasoning_content"] = _REASONS[last]
    return Sample(ABILITY, messages + [{"role": "user", "content": prompt}, final], contains(wanted),
                  think=think)


_REASONS = {
    _request: "This is outside of what I can do.",
    _small_talk: "The user makes small talk.",
    _ping: "The user sees whether I am here.",
    _gibberish: "I do not understand this.",
}
