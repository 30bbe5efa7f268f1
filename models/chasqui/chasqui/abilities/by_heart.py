"""Plain text of what must be known by heart: the dictionary, small sums, how words are spelled, what follows what.

A conversation asks for one such fact in thirty tokens or more; a table states it in six. What tables taught is found
again by the questions of `basics.py` and `words.py`, as long as both are learned together.
"""

from .asking import numbered
from .basics import DAYS, LETTERS, MONTHS
from .basics_data import HARD_WORDS, OPPOSITES, WORDS
from .common import city, given_name
from .words import COLUMNS
from .words_data import ENTRIES


def by_heart(source):
    """A text of some 100 to 300 tokens."""
    parts = []
    while not parts or source.chance(0.35):
        sign = source.pick([": ", " = ", " -> ", " is ", " - "])
        lines = source.weighted(_TABLES)(source, sign)
        parts.append(source.pick(["\n", "\n", ", ", ". "]).join(lines))
    return "\n\n".join(parts)


def _dictionary(source, sign):
    """Into one language, out of it, or both beside each other."""
    language, column = source.pick(list(COLUMNS.items()))
    entries = source.some([e for e in ENTRIES if e[column]], source.number(8, 16))
    form = source.number(0, 3)
    if form == 0:
        return [sign.join(word for word in entry if word) for entry in entries]
    there = form == 1 or (form == 3 and source.chance(0.5))
    lines = [e[0] + sign + e[column] if there else e[column] + sign + e[0] for e in entries]
    return [f"From English to {language}:" if there else f"From {language} to English:"] + lines


def _sums(source, _):
    lines = []
    for _ in range(source.number(8, 20)):
        a, b = source.number(0, 20), source.number(0, 20)
        lines.append(f"{a} + {b} = {a + b}" if source.chance(0.5) else f"{a + b} - {b} = {a}")
    return lines


def _order(source, _):
    lines = []
    for _ in range(source.number(6, 14)):
        high = source.pick([10, 10, 20, 20, 100, 1000])
        a, b = source.some(range(high + 1), 2)
        lines.append(f"{max(a, b)} is larger than {min(a, b)}" if source.chance(0.5)
                     else f"{min(a, b)} is smaller than {max(a, b)}")
    return lines


def _spelling(source, sign):
    lines = []
    for _ in range(source.number(5, 12)):
        kind = source.number(0, 9)
        word = (source.word(WORDS) if kind < 5 else source.word(HARD_WORDS) if kind < 6
                else source.made_up() if kind < 8 else given_name(source) if kind < 9 else city(source))
        letters = "-".join(word)
        form = source.number(0, 5)
        if form == 0:
            letters = numbered(word)
        if form == 1:
            letters += f". {letters[::-1]}"
        if form == 3:
            # Words that nobody writes: what is spelled backwards must be put together too.
            word, letters = word[::-1], letters[::-1]
        lines.append(letters + sign + word if form in (2, 3) else word + sign + letters)
    return lines


def _followers(source, _):
    items = source.pick([DAYS, MONTHS, LETTERS])
    lines = []
    for _ in range(source.number(4, 10)):
        place = source.number(0, len(items) - (2 if items is LETTERS else 1))
        first, second = items[place], items[(place + 1) % len(items)]
        lines.append(source.pick([f"{second} comes after {first}", f"{first} comes before {second}",
                                  f"after {first} comes {second}", f"before {second} comes {first}"]))
    return lines


def _opposites(source, sign):
    return [sign.join(pair if source.chance(0.5) else pair[::-1])
            for pair in source.some(OPPOSITES, source.number(5, 10))]


_TABLES = [
    (_dictionary, 10), (_spelling, 10), (_sums, 6), (_order, 6), (_followers, 3), (_opposites, 1),
]
