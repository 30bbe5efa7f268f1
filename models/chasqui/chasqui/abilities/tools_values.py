"""The values that tool calls and JSON answers carry: what the user writes and what it means.

`value(kind, source)` returns the text as the user writes it and the value that belongs in the
JSON. Everything the model must copy comes through the open-class doors of the source, so that
held-out prompts carry values that training never saw.
"""

import json

from .common_data import GIVEN_NAMES
from .tools_data import (CITIES, COLOURS, COMMANDS, COMPANIES, CURRENCIES, EXOTIC_CITIES, EXOTIC_NAMES,
                         COUNTRIES, FILE_ENDS, LANGUAGES, MONTHS, NOUNS, NUMBER_WORDS,
                         PHRASE_ENDS, PHRASE_STARTS, SURNAMES, THINGS, TICKERS, TOPICS, TRAITS,
                         WEEKDAYS)

# Letters of scripts that the prompts hold now and then; runs of them are names.
_SCRIPTS = ["你好集团中国大山水火金木天地明星海风云花月", "こんにちはさくらやまとみかのすしき",
            "абвгдежзиклмнопрстуя", "αβγδεικλμνορστω", "áéíóúñüöäçãõ"]


def exotic(source):
    """A run of non-ASCII letters."""
    letters = source.pick(_SCRIPTS)
    return source.open_word(lambda: "".join(source.pick(letters) for _ in range(source.number(3, 6))))


def _person(source):
    if source.chance(0.04):
        return source.word(EXOTIC_NAMES)
    name = source.made_up().capitalize() if source.chance(0.12) else source.word(GIVEN_NAMES)
    return name


def _full_name(source):
    return _person(source) + " " + source.word(SURNAMES)


def _city(source):
    roll = source.number(1, 100)
    if roll <= 4:
        return source.word(EXOTIC_CITIES)
    if roll <= 12:
        return source.made_up().capitalize()
    if roll <= 18:
        return source.word(CITIES) + ", " + source.word(COUNTRIES)
    return source.word(CITIES)


def _company(source):
    if source.chance(0.15):
        return exotic(source)
    name = source.made_up().capitalize() if source.chance(0.5) else source.word(SURNAMES)
    return name + source.pick(COMPANIES)


def _word(source):
    return source.made_up() if source.chance(0.4) else source.word(NOUNS)


def _thing(source):
    """A short name of a thing: one or two words."""
    return source.weighted([
        (lambda: source.word(THINGS), 5), (lambda: source.word(NOUNS), 3),
        (lambda: source.word(COLOURS) + " " + source.word(THINGS), 2),
        (lambda: source.made_up(), 2)])()


def _phrase(source):
    return source.pick(PHRASE_STARTS) + " " + source.pick(PHRASE_ENDS).replace("@", _thing(source))


def _code(source):
    """An identifier in one of the shapes that real ones have."""
    return source.weighted([
        (lambda: source.code(), 3),
        (lambda: source.code().upper(), 2),
        (lambda: source.open_word(lambda: source.pick("ABCDKQRTX") + "-" + str(source.number(10, 9999))), 3),
        (lambda: source.open_word(lambda: str(source.number(100, 99999))), 2)])()


def _date(source):
    year, month, day = source.number(2024, 2029), source.number(1, 12), source.number(1, 28)
    return source.weighted([
        (f"{year}-{month:02}-{day:02}", 5), (f"{MONTHS[month - 1]} {day}", 2),
        (source.pick(WEEKDAYS), 1), (source.pick(["today", "tomorrow"]), 1),
        (f"{day} {MONTHS[month - 1]} {year}", 1)])


def _time(source):
    hour, minute = source.number(0, 23), source.pick([0, 5, 10, 15, 20, 30, 40, 45, 50])
    half = hour % 12 + 1
    return source.weighted([(f"{hour:02}:{minute:02}", 4), (f"{half}{source.pick(['am', 'pm'])}", 2),
                            (f"{half}:{minute:02} {source.pick(['AM', 'PM'])}", 1)])


def _email(source):
    name = _word(source) if source.chance(0.4) else source.word(GIVEN_NAMES).lower()
    place = source.pick(["example.com", "example.org", "mail.test", source.made_up() + ".com"])
    return name + source.pick(["", "", "." + source.made_up(2)]) + "@" + place


def _file(source):
    return _word(source) + source.pick(["", "", "_" + source.made_up(2), str(source.number(1, 99))]) \
        + source.pick(FILE_ENDS)


def _path(source):
    folders = source.pick(["", "", "/tmp/", "/home/user/", "docs/", "src/", "/etc/", "data/", "./"])
    if source.chance(0.25):
        folders += source.made_up() + "/"
    return folders + _file(source)


_FIRMS = ["company", "shop", "maker", "studio", "school", "agency", "firm", "club", "startup"]


def _letters(source, count):
    return source.open_word(lambda: "".join(source.pick("ABCDEFGHIKLMNOPRSTUVXYZ") for _ in range(count)))


def _url(source):
    return source.pick(["https://", "https://", "http://", "https://www."]) + source.made_up() \
        + source.pick([".com", ".org", ".net", ".io"]) + source.pick(["", "/" + _word(source)])


# Kinds whose text is the value. `FOLDS` may be written in lower case by a hasty user.
_STRINGS = {
    "person": _person, "full_name": _full_name, "city": _city, "company": _company, "word": _word,
    "thing": _thing, "phrase": _phrase, "code": _code, "date": _date, "time": _time,
    "email": _email, "path": _path, "file": _file, "url": _url,
    "country": lambda s: s.word(COUNTRIES),
    "topic": lambda s: s.word(TOPICS) if s.chance(0.7) else _thing(s),
    "trait": lambda s: s.word(TRAITS) if s.chance(0.4) else f"a {s.word(NOUNS)} {s.pick(_FIRMS)}",
    "colour": lambda s: s.word(COLOURS),
    "language": lambda s: s.word(LANGUAGES),
    "currency": lambda s: s.word(CURRENCIES) if s.chance(0.8) else _letters(s, 3),
    "ticker": lambda s: s.word(TICKERS) if s.chance(0.5) else _letters(s, s.number(3, 4)),
    "weekday": lambda s: s.pick(WEEKDAYS),
    "sum_text": lambda s: f"{s.number(1, 99)} {s.pick('+-*/')} {s.number(1, 99)}"
                          + (f" {s.pick('+-*/')} {s.number(1, 99)}" if s.chance(0.3) else ""),
    # The one joke that the model knows; the topic is said by the user.
    "joke_end": lambda s: JOKE_END,
    "command": lambda s: s.pick(COMMANDS).replace("@", _word(s)),
    "phone": lambda s: f"+{s.number(1, 99)} {s.number(100, 999)} {s.number(1000, 9999)}",
}
FOLDS = {"person", "full_name", "city", "company", "country", "topic", "language", "weekday"}


def sentence(fact):
    """The fact with a full stop, unless it ends a sentence already."""
    return fact if fact.endswith((".", "?", "!")) else fact + "."


def _int(source, low, high):
    number = source.number(low, high)
    if 1 <= number <= 12 and source.chance(0.05):
        return NUMBER_WORDS[number - 1], number
    return str(number), number


def _some_int(source):
    return _int(source, *source.weighted([((1, 12), 4), ((1, 100), 4), ((100, 9999), 2), ((-99, -1), 1),
                                         ((10000, 9999999), 1)]))


def _number(source):
    if source.chance(0.4):
        return _some_int(source)
    return _decimal(source, -200 if source.chance(0.15) else 1)


def _decimal(source, low):
    digits = source.pick([1, 1, 2, 2, 3])
    number = round(source.number(low, 9999) / 10 ** digits, digits)
    number = int(number) if number.is_integer() else number
    return json.dumps(number), number


_NUMBERS = {
    "int": _some_int, "number": _number,
    "few": lambda s: _int(s, 1, 12),
    "count": lambda s: _int(s, 2, 60),
    "percent": lambda s: _int(s, 0, 100),
    "high": lambda s: _int(s, 20, 1000),
    "year": lambda s: _int(s, 1900, 2035),
    "degrees": lambda s: _number(s) if s.chance(0.2) else _int(s, 5, 40),
    "amount": lambda s: _int(s, 1, 5000) if s.chance(0.6) else _decimal(s, 1),
}

# What the user says for true and for false.
_BOOLEANS = {
    "onoff": ("on", "off"), "yesno": ("yes", "no"), "with": ("with", "without"),
    "enable": ("enable", "disable"), "truefalse": ("true", "false"), "lock": ("lock", "unlock"),
    "open": ("open", "close"), "start": ("start", "stop"),
}


def join(texts, last=" and "):
    """"a", "a and b", "a, b and c"."""
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + last + texts[-1]


def _list(source, kind):
    items = [value(kind, source) for _ in range(source.weighted([(2, 4), (3, 5), (4, 2)]))]
    texts = [text for text, _ in items]
    text = source.weighted([(join(texts), 5), (", ".join(texts), 3), (join(texts, ", and "), 1)])
    return text, [item for _, item in items]


_LISTS = {"words": "word", "things": "thing", "people": "person", "cities": "city",
          "emails": "email", "ints": "int", "numbers": "number", "codes": "code", "topics": "topic"}

JOKE_END = "To get to the other side."


def joke_setup(topic):
    return f"Why did {topic} cross the road?"


TYPES = {"joke_setup": "string", **dict.fromkeys(_STRINGS, "string"), **dict.fromkeys(_BOOLEANS, "boolean"),
         **dict.fromkeys(_NUMBERS, "integer"), **dict.fromkeys(_LISTS, "array"),
         "number": "number", "degrees": "number", "amount": "number"}
ITEM_TYPES = {kind: TYPES[item] for kind, item in _LISTS.items()}


def value(kind, source):
    """A random value: the user's text and the JSON value. An enum's kind is a list of pairs
    `(value, [what users say for it])`."""
    if isinstance(kind, list):
        choice, spoken = source.pick(kind)
        return source.pick(spoken), choice
    if kind == "joke_setup":
        topic = value("topic", source)[0]
        return topic, joke_setup(topic)
    if kind in _STRINGS:
        text = _STRINGS[kind](source)
        return text, text
    if kind in _NUMBERS:
        return _NUMBERS[kind](source)
    if kind in _LISTS:
        return _list(source, _LISTS[kind])
    state = source.chance(0.5)
    return _BOOLEANS[kind][0 if state else 1], state
