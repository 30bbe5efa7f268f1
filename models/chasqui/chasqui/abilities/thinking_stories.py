"""Derivations from small statements: who is tallest, where the key is, what follows for whom."""

from ..sample import contains
from .asking import Question, distinct_names, options, phrase
from .basics_data import ANIMALS, COLOURS, THINGS
from .common import given_name


# Orders -----------------------------------------------------------------------------------------

# (comparative, opposite, superlative of either end)
_SCALES = [
    ("taller", "shorter", "tallest", "shortest"), ("older", "younger", "oldest", "youngest"),
    ("faster", "slower", "fastest", "slowest"), ("stronger", "weaker", "strongest", "weakest"),
    ("richer", "poorer", "richest", "poorest"), ("bigger", "smaller", "biggest", "smallest"),
    ("heavier", "lighter", "heaviest", "lightest"), ("happier", "sadder", "happiest", "saddest"),
    ("louder", "quieter", "loudest", "quietest"), ("braver", "shyer", "bravest", "shyest"),
]
_WHO = options("""Who is the {s}?|Who is {s}?|Who's the {s}?|Which of them is the {s}?|
Who is the {s} of them?|
Tell me who is the {s}.|Then who is the {s}?|So who is the {s}?|Can you say who is the {s}?|
Who among them is the {s}?|Name the {s}.|Which one is the {s}?|Find out who is the {s}.""")
_WHO_OF_TWO = options("""Who is {c}?|Who is {c}, {a} or {b}?|Which of them is {c}?|
Who's {c}: {a} or {b}?|
Is {a} or {b} {c}?|Tell me who is {c}.|So who is {c}?|Of {a} and {b}, who is {c}?|
Which one is {c}?""")


def _asked(ends, asked):
    """Each name behind its word (`ends` is word -> name), so that the word that was asked for leads to its name by
    copying alone."""
    named = ", ".join(f"{word} {name}" for word, name in ends.items())
    return f"So {named}. Asked: {asked} {ends[asked]}."


def tallest(source):
    """Chain the statements into one line, name its ends, and take the one that is asked for."""
    more, less, most, least = source.pick(_SCALES)
    names = distinct_names(source, source.pick([3, 3, 3, 4]))
    facts = []
    for a, b in zip(names, names[1:]):
        facts.append(f"{a} is {more} than {b}." if source.chance(0.7) else f"{b} is {less} than {a}.")
    if source.chance(0.4):
        facts = source.some(facts, len(facts))
    ends = {most: names[0], least: names[-1]}
    asked = most if source.chance(0.7) else least
    question = phrase(source, source.pick(_WHO), s=asked)
    thought = f"From {most} to {least}: {', '.join(names)}. {_asked(ends, asked)}"
    answer = f"{ends[asked]} is the {asked}."
    prompt = " ".join(facts) + " " + question
    if source.chance(0.2):
        prompt = " and ".join(f.rstrip(".") for f in facts) + ". " + question
    return Question(prompt, answer, thought, contains(answer))


def taller_of_two(source):
    more, less, _, _ = source.pick(_SCALES)
    a, b = distinct_names(source, 2)
    stated, other = (more, less) if source.chance(0.5) else (less, more)
    asked = source.pick([stated, other])
    shown = source.some([a, b], 2)
    question = phrase(source, source.pick(_WHO_OF_TWO), c=asked, a=shown[0], b=shown[1])
    fact = f"{a} is {stated} than {b}."
    ends = {stated: a, other: b}
    answer = f"{ends[asked]} is {asked}."
    return Question(f"{fact} {question}", answer, f"{fact} {_asked(ends, asked)}", contains(answer))


# Tracking ---------------------------------------------------------------------------------------

_PUT = options("""The {t} is in the {a}.|I put the {t} in the {a}.|{n} puts the {t} in the {a}.|
There is a {t} in the {a}.|
The {t} lies in the {a}.|At first the {t} is in the {a}.|{n} left the {t} in the {a}.|
We keep the {t} in the {a}.|A {t} is in the {a}.""")
_MOVE = options("""Move it to the {a}.|I move it to the {a}.|{n} moves it to the {a}.|
Then I put it in the {a}.|
{n} takes it and puts it in the {a}.|Now it goes into the {a}.|Then {n} carries it to the {a}.|
After that, it is moved to the {a}.|Later {n} puts it into the {a}.|Next, put it in the {a}.""")
_DISTRACT = options("""{n} goes home.|The {a} is empty.|{n} looks at the {a}.|{n} has a nap.|
The {a} is old.|{n} sings.|
Nobody sees it.|It is raining.|{n} opens the {a} and closes it.|The {a} is big.""")
_WHERE = options("""Where is the {t}?|Where is the {t} now?|Where's the {t}?|So where is the {t}?|
In what place is the {t}?|
Where can I find the {t}?|Where should I look for the {t}?|Tell me where the {t} is.|
Where is it now?|
Where did the {t} end up?|Which place holds the {t}?|In the end, where is the {t}?|
Do you know where the {t} is?|Where will I find the {t}?""")


# Rooms and buildings: what a thing can be in.
_ROOMS = """attic barn bakery bank cabin castle cave cellar church garage garden hall hotel house hut
kitchen library market mill mine museum office palace park prison school shop studio temple theater
tower tunnel bedroom bathroom basement closet stable workshop pantry cupboard wardrobe safe car
fridge oven suitcase backpack envelope""".split()


def _containers(source, count):
    made = []
    while len(made) < count:
        if source.chance(0.6):
            thing = source.pick("box bag basket drawer jar cup bowl chest pot sack bucket".split())
            place = f"{source.word(COLOURS)} {thing}"
        else:
            place = source.word(_ROOMS)
        if place not in made:
            made.append(place)
    return made


def where_is_it(source):
    thing = source.word(THINGS)
    moves = source.pick([0, 1, 1, 1, 2, 2, 3])
    *places, other = _containers(source, moves + 2)
    tell = lambda forms, place: source.pick(forms).format(t=thing, a=place, n=given_name(source))
    lines = [tell(_PUT, places[0])] + [tell(_MOVE, place) for place in places[1:]]
    if source.chance(0.3):
        lines.insert(source.number(1, len(lines)), tell(_DISTRACT, other))
    question = phrase(source, source.pick(_WHERE), t=thing)
    steps = [f"The {thing} is in the {places[0]}."] + [f"Then in the {p}." for p in places[1:]]
    answer = f"The {thing} is in the {places[-1]}."
    return Question(" ".join(lines + [question]), answer, " ".join(steps), contains(answer))


_HAS = options("""{a} has the {t}.|{a} finds a {t}.|At first {a} has the {t}.|{a} buys a {t}.|
The {t} is with {a}.""")
_GIVES = options("""{a} gives it to {b}.|{a} hands it to {b}.|{b} gets it from {a}.|
{a} passes it to {b}.|
Then {b} takes it from {a}.|{a} sells it to {b}.|Then {a} gives it to {b}.""")
_WHO_HAS = options("""Who has the {t}?|Who has the {t} now?|Who has it now?|Who is holding the {t}?|
So who has the {t}?|
Who owns the {t} now?|In the end, who has the {t}?|With whom is the {t}?|Tell me who has the {t}.|
Who got the {t} in the end?|Do you know who has the {t}?|Whose is the {t} now?""")


def who_has_it(source):
    thing = source.word(THINGS)
    names = distinct_names(source, source.pick([2, 3, 3, 4]))
    lines = [source.pick(_HAS).format(a=names[0], t=thing)]
    lines += [source.pick(_GIVES).format(a=a, b=b) for a, b in zip(names, names[1:])]
    question = phrase(source, source.pick(_WHO_HAS), t=thing)
    steps = [f"{names[0]} has the {thing}."] + [f"Then {name}." for name in names[1:]]
    answer = f"{names[-1]} has the {thing}."
    return Question(" ".join(lines + [question]), answer, " ".join(steps), contains(answer))


# Deduction --------------------------------------------------------------------------------------


def _article(word):
    return ("an " if word[0] in "aeiou" else "a ") + word


_ALL = options("""All {k}s are {l}s.|Every {k} is {al}.|Each {k} is {al}.|Any {k} is {al}.|
If it is {ak}, it is {al}.|We know that {k}s are {l}s.|The {k}s are all {l}s.""")
_NO = options("""No {k} is {al}.|No {k}s are {l}s.|The {k}s are never {l}s.""")
_IS_ONE = options("""{n} is {ak}.|{n} is {ak}.|We know that {n} is {ak}.|My friend {n} is {ak}.""")
_IS_IT = options("""Is {n} {al}?|So is {n} {al}?|Is {n} {al}, yes or no?|Then is {n} {al}?|
Is {n} also {al}?|
Does it follow that {n} is {al}?|Can we say that {n} is {al}?|Tell me: is {n} {al}?|
Must {n} be {al}?|
Yes or no: is {n} {al}?|What do you think, is {n} {al}?""")


def deduce(source):
    """One or two rules and a member: yes, no, or not known."""
    make = lambda: source.made_up(2) if source.chance(0.75) else source.word(ANIMALS)
    kinds = []
    while len(kinds) < 4:
        kind = make()
        if kind not in kinds and not kind.endswith("s"):
            kinds.append(kind)
    k, l, m, stray = kinds
    name = given_name(source)
    tell = lambda forms, a, b: source.pick(forms).format(k=a, l=b, ak=_article(a), al=_article(b), n=name)
    member = tell(_IS_ONE, k, l)
    steps = [f"{name} is {_article(k)}."]
    shape = source.weighted([("yes", 4), ("chain", 3), ("no", 3), ("unknown", 2)])
    if shape == "yes":
        facts, asked = [tell(_ALL, k, l), member], l
        steps += [f"Every {k} is {_article(l)}."]
        answer = f"Yes, {name} is {_article(l)}."
    elif shape == "chain":
        facts, asked = [tell(_ALL, k, l), tell(_ALL, l, m), member], m
        steps += [f"Every {k} is {_article(l)}.", f"Every {l} is {_article(m)}."]
        answer = f"Yes, {name} is {_article(m)}."
    elif shape == "no":
        facts, asked = [tell(_NO, k, l), member], l
        steps += [f"No {k} is {_article(l)}."]
        answer = f"No, {name} is not {_article(l)}."
    else:
        facts, asked = [tell(_ALL, k, l), member], stray
        steps += [f"Every {k} is {_article(l)}.", f"Nothing is said about {_article(stray)}."]
        answer = f"I do not know whether {name} is {_article(stray)}."
    if source.chance(0.3):
        facts = source.some(facts, len(facts))
    facts = [fact[0].upper() + fact[1:] for fact in facts]
    question = phrase(source, source.pick(_IS_IT), n=name, al=_article(asked))
    return Question(" ".join(facts + [question]), answer, " ".join(steps), contains(answer))


KINDS = [(tallest, 9), (taller_of_two, 5), (where_is_it, 9), (who_has_it, 5), (deduce, 9)]
