"""Thinking: a short visible derivation that leads to the answer, or the answer alone.

Each kind has one form of derivation, made of steps so small that each follows from the text right
before it. With thinking off the same questions are asked; where a tiny model cannot find the answer
without the steps, the check then asks for no more than that it does not think.
"""

from ..sample import contains
from .asking import sample
from .thinking_numbers import KINDS as NUMBER_KINDS
from .thinking_stories import KINDS as STORY_KINDS
from .thinking_words import KINDS as WORD_KINDS

ABILITY = "think"

KINDS = NUMBER_KINDS + WORD_KINDS + STORY_KINDS

# What can be seen at a glance, without a derivation.
_EASY = {
    "compare", "even_or_odd", "days_later", "where_is_it", "last_letter", "first_letters", "deduce",
    "who_has_it",
}


def make(source, think):
    asked = []
    kinds = [(lambda s, kind=kind: asked.append(kind.__name__) or kind(s), w) for kind, w in KINDS]
    made = sample(source, think, ABILITY, kinds, several=0.06)
    if not think and asked[-1] not in _EASY:
        made.check = contains()
    return made
