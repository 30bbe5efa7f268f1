"""Derivations with words: spell them out, then count, reverse or pick letters; days and months."""

from ..sample import contains
from .asking import Question, numbered, options, phrase
from .basics import DAYS, MONTHS
from .basics_data import HARD_WORDS, NUMBER_WORDS, WORDS
from .common import given_name

_LETTER_COUNT = options("""How many {l}'s are in {w}?|How many times does {l} appear in {w}?|
How many {l} are in the word {w}?|
How often is the letter {l} in {w}?|Count the letter {l} in {w}.|Count the {l}'s in the word {w}.|
How many letters {l} does {w} have?|How many {l}s in {w}?|How many times is {l} in "{w}"?|
How many of the letters in {w} are {l}?|Tell me how often {l} appears in {w}.|
In the word {w}, how many {l}'s are there?|How many "{l}" does the word "{w}" have?|
Find the number of {l}'s in {w}.|The word is {w}. How many {l}'s does it have?|
Does {w} have many {l}'s? How many?|How often does the letter {l} come up in {w}?|
How many times do you see {l} in {w}?|What is the number of {l}'s in {w}?""")


def _word(source):
    kind = source.number(0, 9)
    if kind < 6:
        return source.word(WORDS)
    if kind < 8:
        return source.word(HARD_WORDS)
    return source.made_up()


def count_letter(source):
    """Spell the word with a running count after each hit."""
    word = _word(source)
    letter = source.pick(word) if source.chance(0.85) else source.pick("abcdefghijklmnopqrstuvwxyz")
    if source.chance(0.5):
        # Prefer letters that occur more than once: that is what people ask.
        letter = max(word, key=lambda c: (word.count(c), c))
    steps, seen = [], 0
    for c in word:
        seen += c == letter
        steps.append(f"{c} {seen}" if c == letter else c)
    times = f"{seen} time" if seen == 1 else f"{seen} times"
    prompt = phrase(source, source.pick(_LETTER_COUNT), l=letter, w=word)
    return Question(prompt, f"{times}.", "-".join(steps) + f". {times}.", contains(f"{times}."))


_REVERSE = options("""Reverse the word {w}.|Reverse {w}|Spell {w} backwards.|What is {w} backwards?|
Write {w} backwards.|
What is {w} in reverse?|Turn the word {w} around.|How do you spell {w} backwards?|
Say {w} backwards.|
Reverse the letters of {w}.|Give me {w} in reverse.|What does {w} read from the end?|
Write the word {w} in reverse order.|Can you reverse the word "{w}"?|Read {w} from right to left.|
What's "{w}" spelled backwards?|Print {w} reversed.""")


def reverse_word(source):
    word = source.word([w for w in WORDS if len(w) < 7]) if source.chance(0.7) else source.made_up(2)
    letters, backwards = "-".join(word), "-".join(reversed(word))
    prompt = phrase(source, source.pick(_REVERSE), w=word)
    return Question(prompt, f"{word[::-1]}", f"{letters}. {backwards}.", contains(word[::-1]))


_LAST_LETTER = options("""What is the {o} letter of {w}?|Which is the {o} letter of {w}?|
What letter does {w} {e} with?|
What's the {o} letter in {w}?|Tell me the {o} letter of {w}.|
Which letter does the word {w} {e} with?|
Give me the {o} letter of the word {w}.|The {o} letter of {w}?|Name the {o} letter in {w}.|
With which letter does {w} {e}?|Find the {o} letter of "{w}".|{w}: what is the {o} letter?|
What is the {o} letter of the word "{w}"?|Say the {o} letter of {w}.|
The word is {w}. What is the {o} letter?""")


def last_letter(source):
    word = _word(source) if source.chance(0.8) else given_name(source)
    last = source.chance(0.65)
    prompt = phrase(
        source, source.pick(_LAST_LETTER), w=word, o="last" if last else "first",
        e="end" if last else "start",
    )
    letter = word[-1] if last else word[0]
    return Question(
        prompt, f'"{letter}"', f"{'-'.join(word)}.", contains(f'"{letter}"')
    )


_INITIALS = options("""What are the first letters of {l}?|Take the first letters of {l}.|
Put together the first letters of {l}.|Which word do the first letters of {l} make?|
Join the first letters of these words: {l}|What do you get from the first letters of {l}?|
Write only the first letter of each word: {l}|First letters: {l}|Give me the initials of {l}.|
Make a word from the first letters of: {l}|Take the first letter of each word and join them: {l}""")
_ENDINGS = options("""What are the last letters of {l}?|Take the last letters of {l}.|
Put together the last letters of {l}.|Join the last letters of these words: {l}|
What do you get from the last letters of {l}?|Write only the last letter of each word: {l}|
Last letters: {l}|Take the last letter of each word and join them: {l}|
Concatenate the last letters of {l}.|Which letters end the words {l}?""")


def first_letters(source):
    words = [source.word(WORDS) for _ in range(source.number(2, 5))]
    last = source.chance(0.4)
    place = -1 if last else 0
    answer = "".join(word[place] for word in words)
    steps = ", ".join(f"{word} {word[place]}" for word in words)
    glue = source.pick([", ", ", ", " "])
    prompt = phrase(source, source.pick(_ENDINGS if last else _INITIALS), l=glue.join(words))
    return Question(prompt, answer, f"{steps}.", contains(answer))


_LONGER = options("""Which word is longer, {a} or {b}?|Which is longer: {a} or {b}?|
Is {a} or {b} the longer word?|
What is the longer word, {a} or {b}?|Which of the words {a} and {b} is longer?|
Which word has more letters, {a} or {b}?|Does {a} or {b} have more letters?|
{a} or {b}: which is longer?|
Tell me which word is longer: {a}, {b}.|Compare the words {a} and {b}: which one is longer?|
Pick the longer word: {a} or {b}.|Of {a} and {b}, which has more letters?""")


def longer_word(source):
    a, b = source.word(WORDS), source.word(WORDS)
    while len(a) == len(b):
        b = source.word(WORDS)
    (most, longer), (least, _) = sorted([(len(a), a), (len(b), b)], reverse=True)
    thought = (
        f"{numbered(a)}: {len(a)} {a}. {numbered(b)}: {len(b)} {b}. {most} is larger than {least}. So {most} {longer}."
    )
    prompt = phrase(source, source.pick(_LONGER), a=a, b=b)
    answer = f"The longer word is {longer}."
    return Question(prompt, answer, thought, contains(answer))


# Days and months --------------------------------------------------------------------------------

_LATER = options("""What {k} is {n} {u} after {x}?|What {k} is it {n} {u} after {x}?|
Which {k} is {n} {u} after {x}?|
If today is {x}, what {k} is it in {n} {u}?|Today is {x}. What {k} is it in {n} {u}?|
It is {x}. Which {k} comes {n} {u} later?|What {k} comes {n} {u} after {x}?|
{n} {u} after {x} is what {k}?|
{x} plus {n} {u} is which {k}?|In {n} {u} from {x}, what {k} will it be?|
Name the {k} {n} {u} after {x}.|
It's {x} now. What {k} will it be in {n} {u}?|
We leave on {x} and arrive {n} {u} later. Which {k} is that?|
My trip starts on {x} and ends {n} {u} later. On which {k} does it end?|Count {n} {u} on from {x}.|
Tell me the {k} that is {n} {u} after {x}.""")
_EARLIER = options("""What {k} is {n} {u} before {x}?|Which {k} is {n} {u} before {x}?|
What {k} was it {n} {u} before {x}?|
If today is {x}, what {k} was it {n} {u} ago?|Today is {x}. What {k} was it {n} {u} ago?|
It is {x}. Which {k} was {n} {u} earlier?|{n} {u} before {x} is what {k}?|
Name the {k} {n} {u} before {x}.|
It's {x} now. What {k} was it {n} {u} ago?|Tell me the {k} that is {n} {u} before {x}.|
{x} minus {n} {u} is which {k}?|Go back {n} {u} from {x}. Which {k} is it?""")


def days_later(source):
    """Walk from one to the next, counting the steps."""
    items, unit = (DAYS, "day") if source.chance(0.7) else (MONTHS, "month")
    start, steps = source.number(0, len(items) - 1), source.number(1, 6)
    forward = source.chance(0.65)
    walk = [items[(start + (i if forward else -i)) % len(items)] for i in range(steps + 1)]
    thought = f"{walk[0]}. " + ", ".join(f"{i} {day}" for i, day in enumerate(walk[1:], 1)) + "."
    asked = walk[0].lower() if source.chance(0.25) else walk[0]
    number = source.pick([str(steps), NUMBER_WORDS[steps]])
    prompt = phrase(
        source, source.pick(_LATER if forward else _EARLIER), k=unit, n=number, x=asked,
        u=unit if steps == 1 else unit + "s",
    )
    return Question(prompt, f"{walk[-1]}.", thought, contains(walk[-1]))


KINDS = [
    (count_letter, 12), (reverse_word, 6), (last_letter, 4), (first_letters, 4), (longer_word, 3),
    (days_later, 8),
]
