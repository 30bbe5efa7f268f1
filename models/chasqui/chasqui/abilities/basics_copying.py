"""Plain text for the first phase of training: things stated, then asked for again.

A transformer answers from its prompt by induction: it finds an earlier place like this one and
copies what followed there. These texts hold little else, so that the skill forms within the first
steps. Formats vary a lot, lest the skill be tied to one; keys and values are of every kind that the
conversations have, and stand at line starts, after spaces, in quotes and in JSON alike.
"""

import json

from .basics_data import (
    ANIMALS, COLOURS, EMOJI, FOODS, FOREIGN, PLACES, QUALITIES, THINGS, WORDS,
)
from .common import city, given_name


def copying(source):
    """A text of some 30 to 400 tokens."""
    text = source.weighted(_FORMATS)(source)
    while len(text) < 100 or (len(text) < 500 and source.chance(0.3)):
        text += "\n\n" + source.weighted(_FORMATS)(source)
    return text


# Keys and values --------------------------------------------------------------------------------


def _value(source):
    """Anything that a conversation may want copied."""
    kind = source.number(0, 23)
    if kind < 6:
        return source.word(WORDS)
    if kind < 9:
        return source.made_up()
    if kind < 12:
        return source.code()
    if kind < 14:
        return str(source.number(0, 9999))
    if kind < 16:
        return given_name(source)
    if kind < 17:
        return city(source)
    if kind < 19:
        return f"{source.word(QUALITIES)} {source.word(THINGS)}"
    if kind < 20:
        return f"{source.made_up()}_{source.word(WORDS)}"
    if kind < 21:
        return f"{source.number(0, 99)}.{source.number(0, 99)}"
    if kind < 22:
        return " ".join(source.word(WORDS) for _ in range(source.number(2, 5)))
    return source.word(FOREIGN) if kind < 23 else source.word(EMOJI)


def _key(source):
    kind = source.number(0, 9)
    if kind < 4:
        return source.made_up()
    if kind < 8:
        return source.word(WORDS)
    return source.code() if kind < 9 else given_name(source)


_FIELDS = """name city age job color food animal hobby email phone country language team price size
weight date time street room number code status title author year owner brand model key level score
user id type kind place friend pet car book song drink sport""".split()


def _distinct(make, source, count):
    found = {}
    for _ in range(count * 3):
        found[make(source)] = None
        if len(found) == count:
            break
    return list(found)


def _pairs(source, low=2, high=9, key=_key):
    keys = _distinct(key, source, source.number(low, high))
    return [(k, _value(source)) for k in keys]


def _again(source, items, share=0.8):
    """The items in a new order, a few of them left out."""
    kept = source.some(items, max(1, round(len(items) * share)))
    return kept


def _lines(*groups):
    return "\n".join("\n".join(group) for group in groups if group)


# Formats ----------------------------------------------------------------------------------------

_SIGNS = [": ", " = ", "=", " -> ", " is ", " => ", " - ", ":", " | ", "\t",
    " means ", " equals ", ", "]


def _two_tables(source):
    """Pairs in one notation, then the same in another."""
    pairs = _pairs(source)
    first, second = source.some(_SIGNS, 2)
    return _lines(
        [k + first + v for k, v in pairs], [k + second + v for k, v in _again(source, pairs)]
    )


def _same_table(source):
    pairs = _pairs(source)
    sign = source.pick(_SIGNS)
    return _lines(*[[k + sign + v for k, v in _again(source, pairs, 1)] for _ in range(2)])


def _inverse(source):
    """From the value back to its key."""
    pairs = _pairs(source)
    sign = source.pick(_SIGNS)
    return _lines(
        [k + sign + v for k, v in pairs], [v + " <- " + k for k, v in _again(source, pairs)]
    )


_ASKS = [
    ("What is {k}?", "{v}"), ("{k}?", "{v}"), ("What is the {k}?", "The {k} is {v}."),
    ("Q: {k}", "A: {v}"), ("user: {k}", "assistant: {v}"), ("Tell me {k}.", "{k} is {v}."),
    ("What does {k} hold?", "{k} holds {v}."), ("get {k}", "{v}"), ("Find {k}.", "It is {v}."),
    ("Which value has {k}?", '"{v}"'), ("And {k}?", "{v}."), ("Say {k} again.", "{k}: {v}"),
    ("Your {k}?", "My {k} is {v}."), ("Where is {v}?", "At {k}."), ("Who has {v}?", "{k} has {v}."),
]


def _asked(source):
    pairs = _pairs(source)
    sign = source.pick(_SIGNS)
    ask, answer = source.pick(_ASKS)
    glue = source.pick(["\n", " ", "\n", " -> "])
    return _lines(
        [k + sign + v for k, v in pairs],
        [ask.format(k=k, v=v) + glue + answer.format(k=k, v=v) for k, v in _again(source, pairs)],
    )


_TELLS = [
    "The {k} is {v}.", "My {k} is {v}.", "{k} has {v}.", "{k} likes {v}.", "The {k} of {n} is {v}.",
    "I put {v} in the {k}.", "{n} said that the {k} is {v}.", "Remember: {k} is {v}.", "{k} lives in {v}.",
    "You can find {v} under {k}.", "For {k} we use {v}.", "{v} belongs to {k}.", "Call {k} with {v}.",
]


def _sentences(source):
    """A paragraph that states things, and a later one that states them again otherwise."""
    pairs = _pairs(source, 2, 6)
    name = given_name(source)
    first, second = source.some(_TELLS, 2)
    tell = lambda form, some: " ".join(form.format(k=k, v=v, n=name) for k, v in some)
    return tell(first, pairs) + source.pick(["\n", "\n\n", " "]) + tell(second, _again(source, pairs))


def _records(source):
    """ "name=... ; city=..." lines, then lookups by the first field."""
    fields = source.some(_FIELDS, source.number(2, 4))
    sign, glue = source.pick(["=", ": ", " = "]), source.pick(["; ", ", ", " ; ", " | ", " "])
    rows = [[_value(source) for _ in fields] for _ in range(source.number(2, 5))]
    stated = [glue.join(f + sign + v for f, v in zip(fields, row)) for row in rows]
    asked = []
    for row in _again(source, rows, 1):
        place = source.number(1, len(fields) - 1)
        asked.append(f"{fields[place]} of {row[0]}: {row[place]}")
    return _lines(stated, asked)


def _record_to_sentence(source):
    fields = source.some(_FIELDS, source.number(2, 5))
    record = {f: _value(source) for f in fields}
    sentences = [f"The {f} is {v}." for f, v in _again(source, list(record.items()), 1)]
    lines = [json.dumps(record, ensure_ascii=False), " ".join(sentences)]
    return "\n".join(lines if source.chance(0.5) else lines[::-1])


def _json_again(source):
    """A JSON object, then the same in another order or with other white space."""
    pairs = _pairs(source, 2, 6, source.pick([_key, lambda s: s.pick(_FIELDS)]))
    numbers = source.chance(0.3)
    record = {k: (int(v) if numbers and v.isdecimal() and v.isascii() else v) for k, v in pairs}
    dump = lambda some: json.dumps(
        dict(some), ensure_ascii=False, indent=source.pick([None, None, None, 2]),
    )
    return dump(record.items()) + "\n" + dump(_again(source, list(record.items()), 1))


def _json_lookups(source):
    pairs = _pairs(source, 2, 6)
    text = json.dumps(dict(pairs), ensure_ascii=False)
    form = source.pick(['{k}: {v}', 'data["{k}"] = "{v}"', '{{"{k}": "{v}"}}', "{k} {v}", '.{k} "{v}"'])
    return _lines([text], [form.format(k=k, v=v) for k, v in _again(source, pairs)])


def _sentence_to_json(source):
    """What extraction and tool calls do: values from a sentence into JSON."""
    fields = source.some(_FIELDS, source.number(1, 4))
    record = {f: _value(source) for f in fields}
    said = source.pick([", ", " and ", "; "]).join(f"{f} {v}" for f, v in record.items())
    opening = source.pick(["I need ", "Give me ", "Use ", "", "Here: ", "Set ", "with "])
    name = f"{source.made_up()}_{source.word(WORDS)}"
    call = json.dumps({"name": name, "arguments": record}, ensure_ascii=False)
    return f"{name}: {', '.join(fields)}\n{opening}{said}\n{call}"


def _quoted(source):
    """With quotes and without, at the line's start and after a space."""
    values = _distinct(_value, source, source.number(2, 8))
    forms = source.some(['"{}"', "{}", "'{}'", "({})", "[{}]", "- {}", "* {}", "`{}`", "<{}>", " {}"], 2)
    return _lines(*[[form.format(v) for v in values] for form in forms])


def _list_again(source):
    """A list, and again: in the same order, shuffled, or reversed."""
    values = _distinct(_value, source, source.number(3, 12))
    order = source.pick([list, list, lambda v: v[::-1], lambda v: _again(source, v, 1)])
    first, second = source.pick([", ", " ", "\n", "; "]), source.pick([", ", " ", "\n", " | "])
    return first.join(values) + "\n" + source.pick(["", "again: ", "copy:\n"]) + second.join(order(values))


def _twice(source):
    """A run of random words twice over: the plainest induction there is."""
    make = source.pick([_key, _value, lambda s: s.word(WORDS), lambda s: s.code(), lambda s: s.made_up()])
    words = [make(source) for _ in range(source.number(5, 40))]
    glue = source.pick([" ", " ", ", ", "\n", "-"])
    run = glue.join(words)
    return run + source.pick(["\n", "\n\n", " "]) + run


def _thrice(source):
    value = _value(source)
    return source.pick([" ", "\n", ", "]).join([value] * source.number(3, 6))


def _repeat(source):
    """Line by line: said, then repeated."""
    said, echo = source.pick([
        ("say: ", "said: "), ("> ", ""), ("in: ", "out: "), ("user: ", "assistant: "), ("Repeat ", ""),
        ("A: ", "B: "), ("echo ", ""), ("original: ", "copy: "),
    ])
    lines = []
    for _ in range(source.number(2, 7)):
        text = " ".join(_value(source) for _ in range(source.number(1, 4)))
        lines += [said + text, echo + text]
    return _lines(lines)


def _cells(source):
    """A table with a header; then a row's cells by name."""
    fields = source.some(_FIELDS, source.number(2, 4))
    rows = [[_value(source) for _ in fields] for _ in range(source.number(2, 5))]
    glue = source.pick([" | ", ",", ", ", "\t"])
    row = source.pick(rows)
    return _lines(
        [glue.join(fields)], [glue.join(r) for r in rows],
        [f"{f}: {v}" for f, v in zip(fields, row)],
    )


def _who_has(source):
    names = _distinct(given_name, source, source.number(2, 6))
    verb = source.pick(["has", "likes", "sees", "wants", "buys", "draws"])
    nouns = [f"{source.pick(['a', 'the', 'one'])} {source.word(COLOURS)} "
             f"{source.word(source.pick([THINGS, ANIMALS, FOODS]))}" for _ in names]
    facts = list(zip(names, nouns))
    return _lines(
        [" ".join(f"{n} {verb} {x}." for n, x in facts)],
        [f"Who {verb} {x}? {n}." if source.chance(0.5) else f"What does {n} have? {x}."
         for n, x in _again(source, facts)],
    )


def _where(source):
    names = _distinct(given_name, source, source.number(2, 6))
    facts = [(n, f"the {source.word(QUALITIES)} {source.word(PLACES)}") for n in names]
    return _lines(
        [f"{n} is in {p}." for n, p in facts],
        [f"Where is {n}? {n} is in {p}." for n, p in _again(source, facts)],
    )


def _far(source):
    """A thing stated, much other text, then the thing again."""
    key, value = _key(source), _value(source)
    filler = " ".join(source.word(WORDS) for _ in range(source.number(20, 180)))
    sign = source.pick(_SIGNS)
    return f"{key}{sign}{value}\n{filler}\n{key}{sign}{value}"


def _spelled(source):
    """Words, and the same letter by letter: which letters a token has."""
    words = _distinct(source.pick([_key, lambda s: s.word(WORDS)]), source, source.number(3, 10))
    glue = source.pick(["-", "-", "-", " "])
    sign = source.pick([": ", " -> ", " = "])
    return _lines([w + sign + glue.join(w) for w in words])


def _cases(source):
    """The same words in lower case, capitalised, and in capitals."""
    words = [source.word(WORDS) if source.chance(0.7) else source.made_up()
             for _ in range(source.number(3, 12))]
    forms = source.some([str.lower, str.capitalize, str.upper], 2)
    if source.chance(0.5):
        return _lines([f"{forms[0](w)} -> {forms[1](w)}" for w in words])
    text = " ".join(words)
    return forms[0](text) + "\n" + forms[1](text)


def _template_filled(source):
    """A pattern with slots, and the pattern filled."""
    fields = source.some(_FIELDS, source.number(2, 4))
    values = [_value(source) for _ in fields]
    words = [source.word(WORDS) for _ in fields]
    pattern = " ".join(f"{w} <{f}>" for w, f in zip(words, fields))
    filled = " ".join(f"{w} {v}" for w, v in zip(words, values))
    return _lines([pattern], [f"{f}={v}" for f, v in zip(fields, values)], [filled])


def _numbered(source):
    values = _distinct(_value, source, source.number(3, 9))
    numbered = list(enumerate(values, 1))
    sign = source.pick([". ", ") ", ": ", " "])
    form = source.pick(["Number {n} is {v}.", "{v} is number {n}.", "{n} -> {v}", "item {n}: {v}"])
    return _lines(
        [f"{n}{sign}{v}" for n, v in numbered],
        [form.format(n=n, v=v) for n, v in _again(source, numbered)],
    )


def _next_to(source):
    """Which one follows which in a list."""
    values = _distinct(_key, source, source.number(4, 10))
    follows = list(zip(values, values[1:]))
    return _lines(
        [" ".join(values)], [f"after {a} comes {b}" for a, b in _again(source, follows)],
    )


def _assigned(source):
    """Little programs: names set, then printed; a later setting counts."""
    pairs = _pairs(source, 2, 6)
    lines = [f'{k} = "{v}"' for k, v in pairs]
    if source.chance(0.4):
        key, value = source.pick(pairs)[0], _value(source)
        pairs = [(k, value if k == key else v) for k, v in pairs]
        lines.append(f'{key} = "{value}"')
    for k, v in _again(source, pairs):
        lines += [f"print({k})", v]
    return _lines(lines)


_FORMATS = [
    (_two_tables, 8), (_same_table, 6), (_inverse, 3), (_asked, 8), (_sentences, 7), (_records, 5),
    (_record_to_sentence, 4), (_json_again, 6), (_json_lookups, 5), (_sentence_to_json, 7),
    (_quoted, 4), (_list_again, 6), (_twice, 8), (_thrice, 2), (_repeat, 6), (_cells, 3),
    (_who_has, 5), (_where, 3), (_far, 5), (_spelled, 6), (_cases, 4), (_template_filled, 3),
    (_numbered, 3), (_next_to, 3), (_assigned, 4),
]
