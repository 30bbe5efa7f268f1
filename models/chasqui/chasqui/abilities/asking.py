"""How a question becomes a sample: the asker's manners, and the turns before.

Shared by the abilities whose kinds are all "one question, one right answer". A kind is a function
`kind(source) -> Question`; `sample` picks kinds and builds the conversation.
"""

from typing import NamedTuple

from ..sample import Sample
from .common import given_name, lower_template, maybe_system


class Question(NamedTuple):
    prompt: str
    answer: str
    thought: str
    check: dict


# Openings that stand before any request, and those that only an imperative can follow.
_BEFORE_ANYTHING = [
    "Hey, ", "Hi, ", "Hello! ", "Hi! ", "OK, ", "Okay, ", "Ok. ", "Quick question: ", "Now ",
    "Next: ", "One more: ", "Next question: ", "So, ", "Well, ", "Hey Chasqui, ", "Chasqui, ",
    "Question: ", "Task: ", "Good morning. ", "Thanks. ", "Great. ", "Thank you! ", "Right. ",
    "I have a question. ", "A small task: ", "Help me with this: ", "Just a test: ",
]
_BEFORE_IMPERATIVES = [
    "Please ", "Please ", "Please ", "Can you ", "Can you please ", "Could you ", "Could you please ",
    "Would you ", "Will you ", "I want you to ", "I need you to ", "I'd like you to ", "You must ",
    "Now please ", "Kindly ", "Hi, can you ", "Hey, could you ", "Your task is to ", "Try to ",
    "You should ", "Let's see if you can ", "Go ahead and ",
]
_ASKING = ("can", "could", "would", "will", "hi, can", "hey, could")
_IMPERATIVES = set(
    "add answer arrange calculate change compare complete compute copy count decide determine "
    "double echo explain figure find finish get give just keep let list make multiply name order "
    "output pick print put quote read recite repeat reply respond return reverse say select send "
    "shorten show solve sort spell split state subtract sum summarise summarize take tell "
    "translate turn type use work write".split()
)


def phrase(source, template, **values):
    """A template in an asker's own manner: politeness, casing, end marks; values stay as they are."""
    template = _manners(source, template)
    if source.chance(0.15):
        template = lower_template(template)
    if source.chance(0.15) and template[-1] in ".?" and template[-2] != "}":
        template = template[:-1]
    elif source.chance(0.04) and template[-1] == "?":
        template += "?"
    return template.format(**values).strip()


def _manners(source, template):
    first = template.split()[0].lower().strip(":,.")
    if first in _IMPERATIVES and source.chance(0.3):
        opening = source.pick(_BEFORE_IMPERATIVES)
        if opening.lower().startswith(_ASKING) and template[-1] == ".":
            template = template[:-1] + "?"
        template = opening + template[0].lower() + template[1:]
    elif source.chance(0.12):
        opening = source.pick(_BEFORE_ANYTHING)
        if template[0].isupper() and opening[-2] not in ".!:" and template[:2] != "I ":
            template = template[0].lower() + template[1:]
        template = opening + template
    elif first in _IMPERATIVES and source.chance(0.06):
        if template[-1] == "." and template[-2] != "}":
            template = template[:-1] + ", please."
    return template


def sample(source, think, ability, kinds, several=0.12):
    """A conversation whose last question is of one of the weighted kinds."""
    messages = maybe_system(source)
    if source.chance(several):
        for _ in range(source.number(1, 2)):
            earlier = source.weighted(kinds)(source)
            messages += _exchange(earlier)
    question = source.weighted(kinds)(source)
    messages += _exchange(question)
    if think:
        messages[-1]["reasoning_content"] = question.thought
    return Sample(ability, messages, question.check, think=think)


def _exchange(question):
    return [
        {"role": "user", "content": question.prompt},
        {"role": "assistant", "content": question.answer},
    ]


def options(text):
    """The phrasings of a table: one string, a bar between them, wrapped after bars."""
    return text.replace("|\n", "|").split("|")


def numbered(parts, glue=" "):
    """Parts of something, each with its place: "c 1 a 2 t 3"."""
    return glue.join(f"{part} {place}" for place, part in enumerate(parts, 1))


def distinct_names(source, count):
    """Names none of which is a part of another ("Ana" and "Ana Lucia" would confuse a check)."""
    names = []
    while len(names) < count:
        name = given_name(source)
        if not any(name.lower() in n.lower() or n.lower() in name.lower() for n in names):
            names.append(name)
    return names
