"""Words: the main point of a short text in one line, and single words in Spanish and Quechua.

A summary is a fixed function of its text: the first sentence where that states the main point, or
one pattern for each family of texts (an errand, a message, a meeting note, a forecast ...), filled
with the names and things of the text. Translation is a fixed list to be learned by heart.
"""

from ..sample import contains
from .asking import Question, distinct_names, options, phrase, sample
from .basics_data import ANIMALS, COLOURS, QUALITIES, THINGS
from .basics import DAYS, MONTHS
from .basics_numbers import COUNTED, COUNTED_THINGS
from .common import city, given_name
from .words_data import BACK, ENTRIES, FILLERS, INTO, SUMMARISE

ABILITY = "words"

INTO, BACK, SUMMARISE, FILLERS = map(options, (INTO, BACK, SUMMARISE, FILLERS))


def make(source, think):
    return sample(source, think, ABILITY, KINDS, several=0.3)


# Translate --------------------------------------------------------------------------------------

# Language -> its part of an entry.
COLUMNS = {"Spanish": 1, "Quechua": 2}
_BY_LANGUAGE = {
    language: [(entry[0], entry[column]) for entry in ENTRIES if entry[column]]
    for language, column in COLUMNS.items()
}
_UNKNOWN = "I do not know that word."


def _language(source):
    return "Spanish" if source.chance(0.5) else "Quechua"


def _word_as_typed(source, word):
    kind = source.number(0, 11)
    if kind == 0:
        return f'"{word}"'
    return f"'{word}'" if kind == 1 and "'" not in word else word


def into(source):
    language = _language(source)
    english, foreign = source.pick(_BY_LANGUAGE[language])
    prompt = phrase(source, source.pick(INTO), l=language, w=_word_as_typed(source, english))
    answer = f'The {language} word for {english} is "{foreign}".'
    thought = f"The user wants {english} in {language}. It is {foreign}."
    return Question(prompt.replace('""', '"'), answer, thought, contains(f'"{foreign}"'))


def back(source):
    language = _language(source)
    english, foreign = source.pick(_BY_LANGUAGE[language])
    prompt = phrase(source, source.pick(BACK), l=language, w=_word_as_typed(source, foreign))
    answer = f'The word "{foreign}" means "{english}".'
    thought = f"The user wants {foreign} in English. It is {english}."
    return Question(prompt.replace('""', '"'), answer, thought, contains(f'"{english}"'))


def unknown(source):
    word = source.made_up()
    prompt = phrase(
        source, source.pick(INTO if source.chance(0.6) else BACK), l=_language(source),
        w=_word_as_typed(source, word),
    )
    thought = f"The word {word} is not one I know."
    return Question(prompt.replace('""', '"'), _UNKNOWN, thought, contains("do not know"))


# Summarise --------------------------------------------------------------------------------------


def _summary(source, sentences, answer, thought, parts):
    """The text stands before or after the request."""
    text = " ".join(sentences)
    prompt = phrase(source, source.pick(SUMMARISE), t=text)
    return Question(prompt, answer, thought, contains(*parts))


def _fillers(source, low, high):
    return source.some(FILLERS, source.number(low, high))


def _article(words):
    return ("an " if words[0] in "aeiou" else "a ") + words


def _thing(source):
    return f"{source.word(COLOURS)} {source.word(THINGS)}"


# A first sentence that says it all; whatever follows is detail.
_LEADS = options("""{n} won a prize for {at}.|The {a} of {n} ran away.|
{n} opened a new shop in {y}.|
The bridge in {y} is closed until {d}.|{n} and {m} will marry in {y} on {d}.|
The {a} is a {q} animal.|
{n} lost {at} in {y}.|The train from {y} to {z} is late today.|{n} moved from {y} to {z}.|
A new school will open in {y} in {o}.|{n} found {at} on the way to {y}.|
{n} learned to {u} in {k} weeks.|
The price of {t}s will go up in {o}.|The library in {y} bought {k} new {t}s.|
{n} wrote a book about {y}.|
Quipu is a server for language models.|The team of {y} won the game on {d}.|
{n} sold the {t} to {m}.|
The {t} in the office is broken.|The company {w} will build {t}s in {y}.|{n} painted the house {c}.|
People in {y} love the {a}.|The {q} {a} was seen again in {y}.|{n} needs a new {t}.|
The museum in {y} shows {k} old {t}s.|The road to {y} is open again.|{w} is a new game about {a}s.|
{n} will visit {m} in {y} on {d}.|The new {t} of {n} is too {q}.|All {t}s must be back by {d}.|
{n} teaches {m} how to {u}.|The market in {y} moves to {d}.|The old {t} was sold for {k} coins.|
{n} does not like the {t}.|Our trip to {y} starts on {d}.|The project {w} is {q}.|
The {a} lives in {y}.|Scientists found a new {a} near {y}.|The festival in {y} was a success.|
{n} is looking for {at}.|{n} and {m} built {at} together.|
The {t} is more important than the {a}.""")
_SKILLS = "swim sing dance cook drive paint weave write run climb fish sew ski ride juggle".split()
_DETAILS = options("""{n} was happy about it.|{n} told everyone.|{m} heard of it on {d}.|
It happened on {d}.|
{m} did not know.|{n} has waited for this for {k} years.|In {y} many people talk about it.|
The news came on {d}.|{m} says that it is good.|{n} thanked {m}.|There were {k} people.|
A neighbor saw it first.|It will cost {k} coins.|{m} wants to help.|Nothing else is known yet.""")


def _values(source):
    n, m = distinct_names(source, 2)
    y = city(source)
    z = city(source)
    while z == y:
        z = city(source)
    thing = _thing(source)
    return dict(
        n=n, m=m, y=y, z=z, at=_article(thing), a=source.word(ANIMALS), q=source.word(QUALITIES),
        d=source.pick(DAYS), o=source.pick(MONTHS), k=source.number(2, 40), t=source.word(COUNTED),
        w=source.made_up().capitalize(), c=source.word(COLOURS), u=source.word(_SKILLS),
    )


def lead(source):
    values = _values(source)
    first = source.pick(_LEADS).format(**values)
    rest = [detail.format(**values) for detail in source.some(_DETAILS, source.number(1, 2))]
    rest += _fillers(source, 1, 3)
    rest = source.some(rest, len(rest))
    return _summary(
        source, [first, *rest], first, "The first sentence is the main point.", [first.rstrip(".")]
    )


def errand(source):
    name, place, thing = given_name(source), city(source), _thing(source)
    start = source.pick(["In the morning", "On Monday", "Last week", "Yesterday", "On Saturday", "Today"])
    went = source.pick([
        "{s} {n} went to {y}.", "{n} went to {y}.", "{s} {n} took the bus to {y}.",
        "{s} {n} drove to {y}.", "{n} took a train to {y}.",
    ]).format(s=start, n=name, y=place)
    bought = source.pick([
        "There {n} bought {x}.", "At the market {n} bought {x}.", "{n} bought {x} there.",
        "In a small shop {n} bought {x}.", "After lunch {n} bought {x}.",
    ]).format(n=name, x=_article(thing))
    sentences = [went, *_fillers(source, 0, 2), bought, *_fillers(source, 1, 2)]
    answer = f"{name} went to {place} and bought {_article(thing)}."
    return _summary(source, sentences, answer, f"The text is about {name}.", [name, place, thing])


_EVENTS = "meeting party lesson concert game dinner trip class exam wedding picnic race show".split()


def message(source):
    sender, receiver = distinct_names(source, 2)
    event, day, hour = source.pick(_EVENTS), source.pick(DAYS), source.number(1, 12)
    old = source.pick([d for d in DAYS if d != day])
    opening = source.pick([
        "Hi {r}, this is {s}.", "Dear {r}, {s} here.", "Hello {r}, it is {s}.", "Hey {r}, {s} speaking.",
    ]).format(r=receiver, s=sender)
    news = source.pick([
        "The {e} on {o} has moved to {d} at {h}.", "The {e} is not on {o} but on {d} at {h}.",
        "We moved the {e} from {o} to {d} at {h}.", "The {e} will now be on {d} at {h}.",
    ]).format(e=event, o=old, d=day, h=hour)
    ends = source.some([
        "The place stays the same.", "Please tell the others.", "I hope that is fine.", "See you there!",
        "Bring something to eat.", "Sorry for the change.", "Write me if you can't come.", "Thanks!",
        "I will bring the music.", "It may take two hours.",
    ], source.number(2, 3))
    answer = f"{sender} says that the {event} is on {day} at {hour}."
    thought = f"The message is from {sender}. It is about the {event}."
    return _summary(source, [opening, news, *ends], answer, thought, [sender, event, f"{day} at {hour}"])


def sales(source):
    place, month = city(source), source.pick(MONTHS)
    count, things = source.number(2, 990), source.word(COUNTED_THINGS) + "s"
    before = source.number(2, 990)
    sold = source.pick([
        "The shop in {y} sold {k} {t} in {o}.", "In {o} the shop in {y} sold {k} {t}.",
        "Our shop in {y} sold {k} {t} in {o}.",
    ]).format(y=place, k=count, t=things, o=month)
    heading = source.pick(["Report.", "Here are the figures.", f"Report for {month}.", "Dear team,", ""])
    ends = source.some([
        f"The month before it was {before}.", "The team worked well.", "The costs stayed the same.",
        "Two new people started.", "The boss is happy.", "Next month looks good.", "Thanks to everyone.",
        "The weather was good for us.",
    ], source.number(2, 3))
    answer = f"The shop in {place} sold {count} {things} in {month}."
    sentences = [s for s in [heading, sold, *ends] if s]
    return _summary(
        source, sentences, answer, f"The report is about the shop in {place}.", [place, f"{count} {things}"]
    )


def meeting(source):
    names = distinct_names(source, 3)
    who, day = source.pick(names), source.pick(DAYS)
    plan = source.pick([
        "buy {x}", "sell the {t}", "paint the {t}", "build {x}", "repair the {t}", "order {k} {p}",
        "move to {y}", "invite {n}", "clean the {t}", "look for {x}", "visit {y}",
    ]).format(
        x=_article(_thing(source)), t=source.word(THINGS), k=source.number(2, 60),
        p=source.word(COUNTED) + "s", y=city(source), n=source.made_up().capitalize(),
    )
    present = source.pick([
        "Present: {0}, {1} and {2}.", "Meeting notes. {0}, {1} and {2} were there.",
        "{0}, {1} and {2} met today.", "Notes of the meeting with {0}, {1} and {2}.",
    ]).format(*names)
    talk = source.pick([
        "They talked about the budget.", "They talked for an hour.", "The plans were shown.", "",
        "There were many questions.", "First they read the old notes.",
    ])
    decided = source.pick(["Decision: {p}.", "They decided to {p}.", "The team decided to {p}.",
                           "In the end they decided to {p}."]).format(p=plan)
    does = source.pick(["{w} will do it by {d}.", "{w} does it by {d}.", "{w} takes care of it by {d}.",
                        "To be done by {w} until {d}."]).format(w=who, d=day)
    sentences = [s for s in [present, talk, decided, does, *_fillers(source, 0, 1)] if s]
    answer = f"The team decided to {plan}, and {who} will do it by {day}."
    return _summary(source, sentences, answer, f"The decision is to {plan}.", [plan, f"{who} will", day])


_SKIES = "sunny rainy cloudy windy foggy snowy stormy clear dry warm cold".split()


def forecast(source):
    place, day, sky, degrees = city(source), source.pick(DAYS), source.pick(_SKIES), source.number(0, 39)
    opening = source.pick([
        "Here is the weather for {y}.", "The weather in {y}.", "Good morning, {y}!", "Weather report for {y}.",
        "This is the forecast for {y}.",
    ]).format(y=place)
    facts = source.pick([
        ["It will be {s} on {d}.", "The temperature will be {g} degrees."],
        ["On {d} it will be {s}.", "Expect {g} degrees."],
        ["{d} will be {s}.", "We will see {g} degrees."],
        ["Look for a {s} {d}.", "It will be {g} degrees."],
    ])
    facts = [fact.format(s=sky, d=day, g=degrees) for fact in facts]
    ends = source.some([
        "The night will be quiet.", "The wind comes from the north.", "Stay safe.", "Take a coat.",
        "The rest of the week stays the same.", "The roads are open.", "Enjoy your day.",
    ], source.number(1, 2))
    answer = f"It will be {sky} in {place} on {day}, with {degrees} degrees."
    return _summary(
        source, [opening, *facts, *ends], answer, f"The forecast is for {place}.",
        [sky, place, day, f"{degrees} degrees"],
    )


_MACHINES = """printer lamp door phone screen oven radio camera clock window robot heater fan lock
elevator computer fridge keyboard projector alarm""".split()


def defect(source):
    machine, room = source.word(_MACHINES), source.number(1, 60)
    helper, user = distinct_names(source, 2)
    day = source.pick(DAYS)
    what = source.pick([
        "The {m} in room {r} does not work.", "The {m} in room {r} is broken.",
        "{u} says that the {m} in room {r} is broken.", "There is a problem with the {m} in room {r}.",
    ]).format(m=machine, r=room, u=user)
    tried = source.some([
        f"{user} tried to turn it off and on.", "It makes a strange noise.", "It worked last week.",
        "Nobody knows why.", "It is quite old.", "We need it every day.", f"{user} saw it first.",
    ], source.number(1, 2))
    fix = source.pick(["{h} will fix it on {d}.", "{h} comes on {d} to fix it.",
                       "On {d} {h} will fix it.", "{h} has time to fix it on {d}."])
    answer = f"The {machine} in room {room} is broken, and {helper} will fix it on {day}."
    sentences = [what, *tried, fix.format(h=helper, d=day)]
    return _summary(
        source, sentences, answer, f"The problem is the {machine}.",
        [machine, f"room {room}", helper, day],
    )


def escape(source):
    animal, place, finder = source.word(ANIMALS), city(source), given_name(source)
    found = source.pick("park garden kitchen station school market church garage river hotel".split())
    opening = source.pick([
        "{a} escaped from the zoo in {y}.", "In {y} {b} ran away from the zoo.",
        "{a} got out of its cage in {y}.", "{a} is free in {y}, people said.",
    ]).format(a=_article(animal).capitalize(), b=_article(animal), y=place)
    end = source.pick([
        "{n} found it in the {f}.", "At last {n} found it in the {f}.", "After two hours {n} found it in the {f}.",
        "It was {n} who found it in the {f}.",
    ]).format(n=finder, f=found)
    answer = f"{_article(animal).capitalize()} escaped in {place}, and {finder} found it in the {found}."
    sentences = [opening, *_fillers(source, 1, 2), end, *_fillers(source, 0, 1)]
    return _summary(source, sentences, answer, f"The text is about {_article(animal)}.",
                    [animal, place, finder, found])


KINDS = [
    (into, 26), (back, 18), (unknown, 5), (lead, 20), (errand, 6), (message, 6), (sales, 4),
    (meeting, 6), (forecast, 5), (defect, 5), (escape, 4),
]
