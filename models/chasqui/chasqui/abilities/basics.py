"""Basics: repeat, spell, count, list, compare, add: what every other ability is built from.

Each kind of question has one canonical answer, a simple function of the prompt, and many phrasings.
The counting and arithmetic kinds stand in `basics_numbers.py`, the plain text that teaches copying
before any conversation does in `basics_copying.py`.
"""

from ..sample import contains, exact
from .asking import Question, options, phrase, sample
from .basics_copying import copying  # noqa: F401  (part of this module's interface)
from .basics_data import (
    ABSTRACT, ACTIONS, ANIMALS, COLOURS, EMOJI, FOODS, FOREIGN, HARD_WORDS, OPPOSITES, PLACES,
    QUALITIES, SAYINGS, THINGS, WORDS,
)
from .basics_numbers import KINDS as NUMBER_KINDS
from .common import city, given_name

ABILITY = "basics"


def make(source, think):
    return sample(source, think, ABILITY, KINDS)


# Repeat -----------------------------------------------------------------------------------------

# After a colon the text is everything that follows, its full stop included.
_REPEAT_ALL = """Repeat after me: {t}|Repeat: {t}|Repeat this: {t}|Repeat the following: {t}|
Echo: {t}|
Echo this: {t}|Echo this exactly: {t}|Say this: {t}|Say exactly this: {t}|Say exactly: {t}|
Repeat exactly: {t}|Repeat this sentence: {t}|Repeat the text: {t}|Copy this: {t}|
Copy this text exactly: {t}|Copy the following text: {t}|Write exactly this: {t}|Write this: {t}|
Reply with exactly: {t}|Reply with exactly this text: {t}|Reply only with: {t}|Reply with only: {t}|
Respond with exactly: {t}|Respond with: {t}|Respond only with this: {t}|Answer with exactly: {t}|
Answer only with: {t}|Output exactly: {t}|Output only this: {t}|Print: {t}|Print this: {t}|
Type this: {t}|Return exactly this text: {t}|Return only: {t}|
Say the following: {t}|Repeat the words: {t}|Repeat this word for word: {t}|
Copy what I write: {t}|Write back what I write: {t}|Send this back to me: {t}|
Give me back this text: {t}|Repeat these words: {t}|Parrot this: {t}|Just repeat this: {t}|
Repeat after me, word for word: {t}|Say this back to me: {t}|Repeat the following text exactly: {t}|
Your only job is to repeat this: {t}|Repeat this and say nothing else: {t}|
Reply with this text: {t}|
Repeat the line below.\n{t}|Copy the text below.\n\n{t}|Repeat the following text:\n{t}|
Echo the next line.\n{t}|Copy the next line exactly:\n{t}"""

_REPEAT_QUOTED = """Repeat {q}|Say {q}|Say {q}.|Repeat the text {q}.|Echo {q}|Reply with {q}|
Reply with {q}.|Reply with exactly {q}.|Respond with exactly {q}.|
Respond with {q} and nothing else.|
Say {q} and nothing else.|Answer with {q} only.|Repeat {q} after me.|Write {q}.|Print {q}.|
Output {q} and nothing more.|Just say {q}.|Please say {q}|Can you say {q}?|Could you repeat {q}?|
Can you repeat {q} for me?|Return {q}|Copy {q}|Repeat the words {q}.|Say the words {q}.|
Reply only with {q}.|Reply with the text {q} only.|Reply with the words {q} and stop.|
Answer exactly {q}.|I want you to say {q}.|You must say {q} now.|Tell me {q}.|Type {q}."""

_REPEAT_WORD = """Say {t}|Say {t}.|Say the word {t}.|Say just {t}|Just say {t}.|Say only {t}.|
Repeat {t}|
Repeat the word {t}.|Write the word {t}.|Reply with the word {t}.|Reply with only the word {t}.|
Answer with one word: {t}|Respond with just {t}.|Respond with the word {t} only.|Echo {t}|
Print {t}|Reply {t}.|Reply with {t}|Answer {t}.|Can you say {t}?|Could you say the word {t}?|
Reply with exactly the word {t}.|Say the single word {t}.|Output the word {t}.|Type {t}.|
Can you say {t} for me?|Say {t} and nothing else.|Reply with {t} and nothing else.|
Give me the word {t}.|Return the word {t}."""

_REPEAT_TIMES = """Say {t} {n} times.|Say the word {t} {n} times.|Repeat {t} {n} times.|
Write {t} {n} times.|
Repeat the word {t} {n} times.|Print {t} {n} times.|Say "{t}" {n} times.|Repeat "{t}" {n} times.|
Type {t} {n} times.|Write the word {t} {n} times.|Can you say {t} {n} times?|{n} times {t}.|
Could you repeat {t} {n} times?|Give me {t} {n} times.|Echo {t} {n} times.|Output {t} {n} times.|
Reply with {t} {n} times.|Now say {t} {n} times in a row.|Say {t} {n} times in a row."""


_REPEAT_ALL, _REPEAT_QUOTED, _REPEAT_WORD, _REPEAT_TIMES = map(
    options, (_REPEAT_ALL, _REPEAT_QUOTED, _REPEAT_WORD, _REPEAT_TIMES)
)

# Sentences to copy; every slot is an open-class word.
_SENTENCES = """The {q} {a} sat on the {t}.|My {t} is {c}.|I saw a {a} near the {p}.|
{n} lives in {y}.|
The {a} likes {f}.|{n} and {m} went to the {p}.|We eat {f} every day.|Where is the {q} {t}?|
{n} is a {q} {a}.|I like {f} and {g}.|The {p} is {q} today.|Can the {a} open the {t}?|
{n} bought a {c} {t} in {y}.|Do not touch the {t}!|There is a {a} in the {p}.|It is {q} in {y}.|
What a {q} {t}!|The {c} {a} and the {d} {t} are {q}.|{n} gave {m} a {t}.|No {f} for the {a}.|
the {q} {a} jumps over the {t}|i have a {c} {t} and a {q} {a}|{n} has {k} {t}s and {j} {t}s|
{n} said: the {t} is in the {p}.|My name is {n} and I live in {y}.|
Call {n} at {k}{j}{k}-{j}{k}{k}{j}.|
The code is {x}.|Order {x} is for {n}.|Meet me at the {p} at {k} o'clock.|{w} and {v} are {q}.|
The {w} {w} is a {a}, isn't it?|I can't find the {t}; it's {q}.|{n}'s {t} (the {c} one) is {q}.|
A {a}, a {b} and a {t}.|user: {n}, city: {y}|{x} -> {w}|{n} <{w}@example.com>|
total = {k}{j}.{k}{k}"""
_SENTENCES = options(_SENTENCES)


def _sentence(source):
    word = source.word
    return source.pick(_SENTENCES).format(
        q=word(QUALITIES), a=word(ANIMALS), b=word(ANIMALS), t=word(THINGS), c=word(COLOURS),
        d=word(COLOURS), f=word(FOODS), g=word(FOODS), p=word(PLACES), n=given_name(source),
        m=given_name(source), y=city(source), w=source.made_up(), v=source.made_up(),
        x=source.code(), k=source.number(2, 9), j=source.number(2, 9),
    )


def _word_of_any_kind(source):
    kind = source.number(0, 19)
    if kind < 9:
        return source.word(WORDS)
    if kind < 12:
        return source.made_up()
    if kind < 14:
        return given_name(source)
    if kind < 15:
        return source.word(WORDS).capitalize()
    if kind < 16:
        return source.word(WORDS).upper()
    if kind < 17:
        return source.code()
    if kind < 18:
        return str(source.number(0, 99999))
    return source.word(FOREIGN) if kind < 19 else source.word(EMOJI)


def _text(source):
    """Something of 1 to 30 words to say word for word."""
    kind = source.number(0, 19)
    if kind < 8:
        text = _sentence(source)
        return text + " " + _sentence(source) if source.chance(0.15) else text
    if kind < 12:
        return " ".join(_word_of_any_kind(source) for _ in range(source.number(2, 8)))
    if kind < 13:
        return " ".join(source.word(WORDS) for _ in range(source.number(8, 30)))
    if kind < 15:
        return source.word(SAYINGS)
    if kind < 16:
        return " ".join(source.code() for _ in range(source.number(1, 4)))
    if kind < 17:
        return ", ".join(_word_of_any_kind(source) for _ in range(source.number(2, 7)))
    if kind < 18:
        return " ".join(source.word(FOREIGN) for _ in range(source.number(1, 5)))
    if kind < 19:
        return source.pick(["", " "]).join(source.word(EMOJI) for _ in range(source.number(1, 6)))
    return source.code(source.number(8, 20)).upper()


_THOUGHT_REPEAT = "The user wants the text repeated."


def repeat(source):
    text = _text(source)
    if source.chance(0.35):
        text = text.rstrip(".!?") or text
        quote = source.pick(['"', '"', '"', "'", "`", "“"])
        quoted = quote + text + ("”" if quote == "“" else quote)
        if "'" in text or "`" in text:
            quoted = f'"{text}"'
        return Question(
            phrase(source, source.pick(_REPEAT_QUOTED), q=quoted), text, _THOUGHT_REPEAT, exact(text)
        )
    prompt = phrase(source, source.pick(_REPEAT_ALL), t=text)
    return Question(prompt, text, _THOUGHT_REPEAT, exact(text))


def repeat_word(source):
    text = _word_of_any_kind(source)
    if source.chance(0.2):
        text = source.word(SAYINGS).rstrip(".!?")
    templates = [t for t in _REPEAT_WORD if "word" not in t] if " " in text else _REPEAT_WORD
    prompt = phrase(source, source.pick(templates), t=text)
    return Question(prompt, text, _THOUGHT_REPEAT, exact(text))


def repeat_times(source):
    text = _word_of_any_kind(source)
    times = source.number(2, 5)
    spoken = source.pick([str(times), ["two", "three", "four", "five"][times - 2]])
    prompt = phrase(source, source.pick(_REPEAT_TIMES), t=text, n=spoken)
    answer = " ".join([text] * times)
    return Question(prompt, answer, f"The user wants {text} {times} times.", exact(answer))


# Spell ------------------------------------------------------------------------------------------

_SPELL = options("""Spell {w}|Spell {w}.|Spell the word {w}.|Spell the word {w}|Spell "{w}".|
Spell: {w}|
How do you spell {w}?|How is {w} spelled?|How do I spell {w}?|How would you spell {w}?|
What is the spelling of {w}?|Spell {w} for me.|Spell out {w}.|Spell out the word {w}.|
Spell {w} letter by letter.|Write {w} letter by letter.|Can you spell {w}?|Could you spell {w}?|
Please spell {w}.|Spell this word: {w}|Spell the following word: {w}|Tell me how to spell {w}.|
Give me the letters of {w}.|What are the letters in {w}?|What letters are in the word {w}?|
Split {w} into letters.|Split the word {w} into its letters.|Say {w} letter by letter.|
List the letters of {w}.|How is the word "{w}" spelled?|How do you spell the word "{w}"?|
Do you know how to spell {w}?|I need the spelling of {w}.|{w}: how is it spelled?|Spell '{w}'|
Show me how to spell {w}.|how to spell {w}|Spelling of {w}, please.|Let's spell {w}.|
Spell {w} with dashes.|Spell {w}, one letter at a time.|Try to spell {w}.""")


def _spelled_word(source):
    kind = source.number(0, 19)
    if kind < 8:
        return source.word(WORDS)
    if kind < 11:
        return source.word(HARD_WORDS)
    if kind < 14:
        name = given_name(source)
        return name if name.isalpha() else source.made_up()
    if kind < 17:
        return source.made_up()
    if kind < 19:
        letters = "abcdefghijklmnopqrstuvwxyz"
        return "".join(source.pick(letters) for _ in range(source.number(3, 9)))
    return source.word(WORDS).capitalize()


def spell(source):
    word = _spelled_word(source)
    answer = "-".join(word)
    prompt = phrase(source, source.pick(_SPELL), w=word)
    return Question(prompt, answer, f"The user wants {word} spelled.", contains(answer))


# Days, months, letters --------------------------------------------------------------------------

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = """January February March April May June July August September October November
December""".split()
LETTERS = list("abcdefghijklmnopqrstuvwxyz")

_FROM_TO = options("""List the {k} from {a} to {b}.|Name the {k} from {a} to {b}.|
What are the {k} from {a} to {b}?|
Give me the {k} from {a} to {b}.|Say the {k} from {a} to {b}.|Write the {k} from {a} to {b}.|
Tell me the {k} from {a} to {b}.|{k} from {a} to {b}|The {k} from {a} to {b}?|
Which {k} are there from {a} to {b}?|List {k} from {a} through {b}.|
List all {k} from {a} up to {b}.|
Can you list the {k} from {a} to {b}?|Start at {a} and list the {k} until {b}.|
Recite the {k} from {a} to {b}.|Go from {a} to {b} and list all the {k}.|
I want all {k} from {a} to {b}.|Print the {k} from {a} to {b}.|From {a} to {b}, what are the {k}?|
Beginning with {a}, list the {k} to {b}.|Show the {k} from {a} to {b}.""")
_ALL_DAYS = options("""List the days of the week.|Name the days of the week.|
What are the days of the week?|
Tell me the days of the week.|Say all days of the week.|Give me the seven days of the week.|
Which days does a week have?|List all seven days.|Write the days of the week in order.|
Can you list the days of the week?|What are the seven days of the week called?|days of the week""")
_ALL_MONTHS = options("""List the months of the year.|Name the twelve months.|
What are the months of the year?|
Tell me the months of the year.|Say all months.|Give me the twelve months of the year.|
Which months does a year have?|List all twelve months.|Write the months of the year in order.|
Can you list the months of the year?|months of the year""")
_ALPHABET = options("""List the letters of the alphabet.|Say the alphabet.|What is the alphabet?|
Write the alphabet.|Recite the alphabet.|Tell me all letters of the alphabet.|Say the ABC.|
Give me the alphabet from a to z.|List all the letters from a to z.|the alphabet""")
_AFTER = options("""What {k} comes after {x}?|Which {k} comes after {x}?|What {k} is after {x}?|
What comes after {x}?|
Which {k} follows {x}?|What is the {k} after {x}?|What's the {k} after {x}?|
After {x} comes which {k}?|
Which is the next {k} after {x}?|What is the next {k} after {x}?|Tell me the {k} after {x}.|
Name the {k} that comes after {x}.|Give me the {k} after {x}.|What {k} follows {x}?|
Name the {k} right after {x}.|Which {k} is next after {x}?|{k} after {x}?|
What comes next after {x}?""")
_BEFORE = options("""What {k} comes before {x}?|Which {k} comes before {x}?|What {k} is before {x}?|
What comes before {x}?|What is the {k} before {x}?|What's the {k} before {x}?|
Which {k} precedes {x}?|
Which is the {k} before {x}?|Tell me the {k} before {x}.|Name the {k} that comes before {x}.|
Give me the {k} before {x}.|Before {x} comes which {k}?|{k} before {x}?|
Name the {k} right before {x}.|What {k} is right before {x}?""")

_CYCLES = [
    (DAYS, "day", "days", _ALL_DAYS),
    (MONTHS, "month", "months", _ALL_MONTHS),
    (LETTERS, "letter", "letters", _ALPHABET),
]
_CYCLE_FACTS = [
    ("How many days {h} a week have?", "A week has 7 days."),
    ("How many days are in a week?", "A week has 7 days."),
    ("How many days are there in one week?", "A week has 7 days."),
    ("How many months does a year have?", "A year has 12 months."),
    ("How many months are in a year?", "A year has 12 months."),
    ("How many months are there in one year?", "A year has 12 months."),
    ("How many letters does the alphabet have?", "The alphabet has 26 letters."),
    ("How many letters are in the alphabet?", "The alphabet has 26 letters."),
    ("How many hours does a day have?", "A day has 24 hours."),
    ("How many hours are in a day?", "A day has 24 hours."),
    ("How many minutes are in an hour?", "An hour has 60 minutes."),
    ("How many minutes does an hour have?", "An hour has 60 minutes."),
    ("How many seconds are in a minute?", "A minute has 60 seconds."),
    ("What is the first day of the week?", "Monday"),
    ("What is the last day of the week?", "Sunday"),
    ("What is the first month of the year?", "January"),
    ("Which month is the last of the year?", "December"),
    ("What is the first letter of the alphabet?", "a"),
    ("What is the last letter of the alphabet?", "z"),
]


def _cased(source, items):
    """Askers often type days and months in lower case; the answer keeps its capitals."""
    return [item.lower() for item in items] if source.chance(0.25) else items


def sequence(source):
    items, _, plural, everything = source.weighted(list(zip(_CYCLES, (5, 3, 3))))
    if source.chance(0.08):
        answer = ", ".join(items)
        prompt = phrase(source, source.pick(everything))
        return Question(prompt, answer, f"The user wants all {plural}.", contains(answer))
    start = source.number(0, len(items) - 1)
    if items is DAYS:
        # A week goes round: "from Saturday to Tuesday" is common.
        count = source.number(2, 7)
    else:
        start = min(start, len(items) - 2)
        count = source.number(2, min(len(items) - start, 14))
    listed = [items[(start + i) % len(items)] for i in range(count)]
    answer = ", ".join(listed)
    first, last = _cased(source, [listed[0], listed[-1]])
    prompt = phrase(source, source.pick(_FROM_TO), k=plural, a=first, b=last)
    return Question(
        prompt, answer, f"The user wants the {plural} from {listed[0]} to {listed[-1]}.", contains(answer)
    )


def neighbour(source):
    items, singular, _, _ = source.weighted(list(zip(_CYCLES, (5, 4, 3))))
    if source.chance(0.08):
        template, answer = source.pick(_CYCLE_FACTS)
        return Question(phrase(source, template, h="does"), answer, "This is a fact.", contains(answer))
    forward = source.chance(0.6)
    # No letter comes after z, or before a.
    low, high = (0, len(items) - 1) if items is not LETTERS else (not forward, 25 - forward)
    place = source.number(int(low), int(high))
    answer = items[(place + (1 if forward else -1)) % len(items)]
    asked = _cased(source, [items[place]])[0]
    prompt = phrase(source, source.pick(_AFTER if forward else _BEFORE), k=singular, x=asked)
    side = "after" if forward else "before"
    thought = f"The {singular} {side} {items[place]} is {answer}."
    return Question(prompt, answer, thought, exact(answer))


# Lists of words ---------------------------------------------------------------------------------

_REVERSE = options("""Reverse this list: {l}|Reverse the list: {l}|
Reverse the order of these words: {l}|
Write these words in reverse order: {l}|Turn this list around: {l}|Say these backwards: {l}|
List these from last to first: {l}|Reverse: {l}|Give me this list in reverse: {l}|
Put these words in reverse order: {l}|What is the reverse of this list: {l}?|
Here is a list: {l}. Reverse it.|{l}. Reverse this list.|{l} - in reverse order, please.|
Order these words backwards: {l}|Take the list {l} and reverse it.|
Change the order of this list to the opposite: {l}|Can you reverse the list {l}?""")
_PLACE_IN_LIST = options("""What is the {o} word in this list: {l}?|
What is the {o} item of this list: {l}?|
Which word is {o} in this list: {l}?|Tell me the {o} word of: {l}|Give me the {o} item: {l}|
Here is a list: {l}. What is the {o} word?|{l}. Which one is {o}?|What comes {o} in {l}?|
Name the {o} item in the list {l}.|Find the {o} word: {l}|Take the {o} word from this list: {l}|
Say the {o} word of this list: {l}|The list is {l}. Which is the {o}?|Pick the {o} of these: {l}|
My list is {l}. Tell me the {o} item.|From {l}, which word is the {o}?""")
_ORDINALS = ["first", "second", "third", "fourth", "fifth"]
_OPPOSITE = options("""What is the opposite of {w}?|What's the opposite of {w}?|
The opposite of {w}?|
Give me the opposite of {w}.|Tell me the opposite of {w}.|Name the opposite of {w}.|
What is the antonym of {w}?|Opposite of {w}|Say the opposite of {w}.|
Which word means the opposite of {w}?|
What is the opposite of the word {w}?|What is the opposite of "{w}"?|I need the opposite of {w}.|
Do you know the opposite of {w}?|{w}: what is the opposite?|If it is not {w}, what is it?|
Find the opposite of {w}.|What word is the opposite of {w}?""")


def _listed(source, low=3, high=6):
    """Different words, mostly of one theme."""
    theme = source.pick([ANIMALS, FOODS, THINGS, PLACES, ABSTRACT, ACTIONS, WORDS, None, None])
    wanted, words = source.number(low, high), []
    while len(words) < wanted:
        word = source.word(theme) if theme else _word_of_any_kind(source)
        if word not in words:
            words.append(word)
    return words


def _joined(source, words):
    return source.pick([", ", ", ", ", ", " "]).join(words)


def reverse_list(source):
    words = _listed(source)
    answer = ", ".join(reversed(words))
    prompt = phrase(source, source.pick(_REVERSE), l=_joined(source, words))
    return Question(prompt, answer, "The user wants the list reversed.", contains(answer))


def place_in_list(source):
    words = _listed(source)
    place = source.pick([0, 0, 1, 2, 3, 4, -1, -1, -1]) if len(words) > 4 else source.pick([0, 1, 2, -1])
    ordinal = "last" if place == -1 else _ORDINALS[place]
    answer = words[place]
    prompt = phrase(source, source.pick(_PLACE_IN_LIST), o=ordinal, l=_joined(source, words))
    return Question(prompt, answer, f"The {ordinal} word is {answer}.", exact(answer))


def opposite(source):
    pair = source.pick(OPPOSITES)
    word, answer = pair if source.chance(0.5) else pair[::-1]
    prompt = phrase(source, source.pick(_OPPOSITE), w=word)
    return Question(prompt, answer, f"The opposite of {word} is {answer}.", exact(answer))


KINDS = [
    (repeat, 16), (repeat_word, 8), (repeat_times, 4), (spell, 14), (sequence, 7), (neighbour, 6),
    (reverse_list, 4), (place_in_list, 4), (opposite, 3), *NUMBER_KINDS,
]
