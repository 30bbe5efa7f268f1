"""What all abilities share: system prompts that change nothing, words to copy, wording, small talk.

Names and places come from lists of many cultures, and one in seven is invented, so that the model
learns to copy what stands in the prompt instead of guessing a likely name.
"""

import re

from .common_data import (  # noqa: F401  (the lists are part of this module's interface)
    ANIMALS, CITIES, COLOURS, FOODS, GENERIC_SYSTEMS, GIVEN_NAMES, HOBBIES, JOBS, OBJECTS,
    POLITE_PREFIXES, SMALL_TALK, WHO_AM_I, WHO_ARE_YOU,
)

_SLOT = re.compile(r"(\{[^}]*\})")


def maybe_system(source):
    """No system message, or (half the time) one that says nothing of weight."""
    if source.chance(0.5):
        return []
    return [{"role": "system", "content": source.pick(GENERIC_SYSTEMS)}]


def given_name(source):
    """A first name, real or invented."""
    return source.word(GIVEN_NAMES) if source.chance(0.85) else source.made_up().capitalize()


def city(source):
    """A city, real or invented."""
    return source.word(CITIES) if source.chance(0.85) else source.made_up().capitalize()


def polish(source, phrasing):
    """The phrasing as one of many people would type it.

    Takes a phrasing whose values are still slots ("What is {name}'s age?") and leaves the slots as
    they are: fill them afterwards, and values to copy stay as they were told.
    """
    if source.chance(0.08):
        phrasing = source.pick(POLITE_PREFIXES) + _lower_first(phrasing)
    elif source.chance(0.04):
        phrasing = _drop_end(phrasing) + source.pick([", please", " please", ", please."])
    if source.chance(0.10):
        phrasing = lower_template(phrasing)
        if source.chance(0.4):
            phrasing = phrasing.replace("'", "")
    elif source.chance(0.05):
        phrasing = _lower_first(phrasing)
    if source.chance(0.15):
        phrasing = _drop_end(phrasing)
    return phrasing


def lower_template(phrasing):
    """Everything but the slots in lower case."""
    parts = _SLOT.split(phrasing)
    return "".join(part if part.startswith("{") else part.lower() for part in parts)


def _lower_first(phrasing):
    """The first letter in lower case, unless the word is "I"."""
    if phrasing[:1] == "{" or re.match(r"I\b", phrasing):
        return phrasing
    return phrasing[:1].lower() + phrasing[1:]


def _drop_end(phrasing):
    return phrasing.rstrip(".?! ") or phrasing


def small_talk(source):
    """`(what the user says, the one answer to it)`: hello, thanks, goodbye and the like."""
    prompts, answer = source.pick(SMALL_TALK)
    prompt = source.pick(prompts)
    if source.chance(0.1):
        prompt = prompt.lower()
    return prompt, answer


_SUMS = ["What is {x} + {y}?", "{x} + {y}?", "What is {x} plus {y}?", "How much is {x} + {y}?",
         "Add {x} and {y}.",
         "{x} plus {y}", "What's {x} + {y}?", "How much is {x} plus {y}?", "Calculate {x} + {y}."]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_NEXT_DAY = ["What day comes after {x}?", "Which day comes after {x}?", "What is the day after {x}?",
             "Which day follows {x}?", "What day follows {x}?"]


def simple_question(source):
    """`(question, answer)` that the model knows, to stand between other turns."""
    if source.chance(0.6):
        x, y = source.number(0, 9), source.number(0, 9)
        return polish(source, source.pick(_SUMS)).format(x=x, y=y), f"{x} + {y} = {x + y}."
    day = source.number(0, 6)
    answer = _DAYS[(day + 1) % 7]
    return polish(source, source.pick(_NEXT_DAY)).format(x=_DAYS[day]), answer
