"""Answers that are JSON and nothing else, with the keys that the prompt names.

Facts are pulled from text, pairs and lists are written as they are given, lines and CSV rows are
converted. There is one form of answer: one line, ", " and ": " between the parts, the keys in the
order of the prompt, null for what the prompt does not say.
"""

import json
import re

from ..sample import Sample, json_value
from .common import ANIMALS, maybe_system, polish
from .json_answers_data import (ARRAY, CSV, DAY_RANGE, DOMAINS, EXAMPLE, EXTRACT, JOBS, JOKES, JOKE_USERS, KEYED_ARRAY,
                                NESTED, NULL_HINTS, SCHEMA, SET, SUMS, SYSTEMS, TO_ARRAY, TO_OBJECT)
from .tools_data import LANGUAGES, MONTHS, PARAMETERS, WEEKDAYS
from .tools_values import JOKE_END, TYPES, join, joke_setup, sentence, value

ABILITY = "json"


# Values -------------------------------------------------------------------------------------------


def _value(kind, source):
    """The text and the value of a kind, those of this ability included."""
    if kind == "age":
        return _plain(source.number(1, 99))
    if kind == "big":
        return _plain(source.number(1000, 9000000))
    if kind in ("job", "animal"):
        word = source.word(JOBS if kind == "job" else ANIMALS)
        return word, word
    if kind == "spoken":
        words = list(dict.fromkeys(source.word(LANGUAGES) for _ in range(source.number(2, 3))))
        return join(words), words
    while True:
        text, given = value(kind, source)
        # Digits are numbers in JSON and number words are words; a comma would part a value in two.
        if not isinstance(given, str) and (isinstance(given, list) or not text.isalpha() or given in (True, False)) \
                or isinstance(given, str) and not text.isdigit() and "," not in text:
            return text, given


def _plain(number):
    return str(number), number


def _show(given):
    """A value in the reasoning."""
    if isinstance(given, list):
        return join([_show(item) for item in given])
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)


def _key(source):
    key = source.made_up() if source.chance(0.3) else source.word(PARAMETERS)
    return key + "_" + source.word(PARAMETERS) if source.chance(0.12) else key


def _keys(source, count):
    keys = []
    while len(keys) < count:
        key = _key(source)
        if key not in keys:
            keys.append(key)
    return keys


def _named(source, keys):
    """The list of keys as people write it."""
    mark = source.weighted([("", 5), ('"', 3), ("'", 2), ("`", 1)])
    marked = [mark + key + mark for key in keys]
    return source.weighted([(join(marked), 6), (", ".join(marked), 3), (join(marked, ", and "), 1)])


# Samples ------------------------------------------------------------------------------------------


def _reasons(given):
    """The derivation of an answer, in short sentences."""
    if isinstance(given, list):
        return f"The list is {_show(given)}."
    facts = [f"The keys are {join(list(given))}." if len(given) > 1 else f"The key is {next(iter(given))}."]
    for key, item in given.items():
        if isinstance(item, dict):
            facts += [f"{key} is an object."] + [sentence(f"{inner} is {_show(part)}") for inner, part in item.items()]
        else:
            facts.append(sentence(f"{key} is {_show(item)}"))
    return " ".join(facts)


def _sample(source, think, prompt, given, system=None):
    head = [{"role": "system", "content": system}] if system else maybe_system(source)
    answer = {"role": "assistant", "content": json.dumps(given, ensure_ascii=False)}
    if think:
        answer["reasoning_content"] = _reasons(given)
    return Sample(ABILITY, head + [{"role": "user", "content": prompt}, answer], json_value(given), think=think)


def _worded(source, phrasing):
    """The phrasing as somebody might type it, with no "please" between it and the data."""
    while True:
        worded = polish(source, phrasing)
        if "please" in phrasing or "please" not in worded[-8:] or not phrasing.endswith((":", "{facts}", "{items}", "}")):
            return worded


def _fill(source, phrasings, **texts):
    """A phrasing, worded as somebody might type it, with its slots filled."""
    phrasing = _worded(source, source.pick(phrasings))
    for slot, text in texts.items():
        phrasing = phrasing.replace("{" + slot + "}", text)
    return phrasing


# Facts --------------------------------------------------------------------------------------------


_AN = re.compile(r"\ba (?=[aeiou])")
_ON_TODAY = re.compile(r"\bon (today|tomorrow)\b")


def _facts(source):
    """A text about one subject, and the object that it makes: `(text, {key: value})`."""
    names, kinds, subject, predicates = source.weighted(list(zip(DOMAINS, [9, 4, 3, 2, 2, 3])))
    told, given = _value(source.pick(kinds), source)
    fields = {source.pick(names.split()): given}
    phrases = []
    for keys, kind, ways in source.some(predicates, source.weighted([(1, 4), (2, 5), (3, 3), (4, 1)])):
        key = source.pick(keys.split())
        if key in fields:
            continue
        if kind == "bool":
            fields[key] = source.chance(0.5)
            phrases.append(ways[0 if fields[key] else 1])
        else:
            text, fields[key] = _value(kind, source)
            phrase = source.pick(ways).replace("{}", text)
            phrases.append(_AN.sub("an ", _ON_TODAY.sub(r"\1", phrase)))
    subject = subject.replace("{}", told)
    if source.chance(0.75) or len(phrases) == 1:
        return f"{subject} {join(phrases)}.", fields
    it = source.pick(["He", "She"]) if predicates is DOMAINS[0][3] else "It"
    return " ".join(f"{subject if i == 0 else it} {phrase}." for i, phrase in enumerate(phrases)), fields


def _asked(source):
    """Facts, the keys asked for in any order and perhaps one that the text does not tell."""
    text, fields = _facts(source)
    if source.chance(0.3):
        keys = source.some(list(fields), len(fields))
        fields = {key: fields[key] for key in keys[:max(2, len(keys) - source.number(0, 1))]}
    hint = ""
    if source.chance(0.13):
        # Real keys that this text does not tell about: null.
        spare = [key for key in ("nickname", "shoe_size", "birthday", "middle_name", "discount", "comment", "website",
                                 "postcode", "license", "size") if key not in fields]
        items = list(fields.items())
        items.insert(source.number(1, len(items)), (source.pick(spare) if source.chance(0.6) else _key(source), None))
        fields, hint = dict(items), source.pick(NULL_HINTS)
    return text, fields, hint


def extract(source, think):
    text, fields, hint = _asked(source)
    prompt = _fill(source, EXTRACT, keys=_named(source, list(fields)), facts=text)
    return _sample(source, think, prompt + (hint if prompt[-1] in ".?!" else ""), fields)


def by_system(source, think):
    text, fields, hint = _asked(source)
    system = source.pick(SYSTEMS).replace("{keys}", _named(source, list(fields))) + hint
    return _sample(source, think, text, fields, system)


def _type(given):
    if isinstance(given, bool):
        return "boolean"
    return {int: "integer", float: "number", list: "array", str: "string", type(None): "string"}[type(given)]


def _schema(source, fields):
    properties = {}
    for key, given in fields.items():
        properties[key] = {"type": _type(given)}
        if isinstance(given, list):
            properties[key]["items"] = {"type": _type(given[0])}
    schema = {"type": "object", "properties": properties}
    if source.chance(0.6):
        schema["required"] = list(fields)
    return json.dumps(schema)


def _example(source, fields):
    """The object with place holders for its values."""
    style = source.pick(["empty", "dots", "type", "angle"])
    marks = {"empty": {"string": '""', "integer": "0", "number": "0.0", "boolean": "false", "array": "[]"},
             "dots": dict.fromkeys(("string", "integer", "number", "boolean", "array"), "..."),
             "type": {kind: f'"{kind}"' for kind in ("string", "integer", "number", "boolean", "array")},
             "angle": {kind: f"<{kind}>" for kind in ("string", "integer", "number", "boolean", "array")}}[style]
    return "{" + ", ".join(f'"{key}": {marks[_type(given)]}' for key, given in fields.items()) + "}"


def by_schema(source, think):
    text, fields, hint = _asked(source)
    if source.chance(0.5):
        schema, phrasings = _schema(source, fields), SCHEMA
    else:
        schema, phrasings = _example(source, fields), EXAMPLE
    if source.chance(0.2):
        system = source.pick(["Answer with JSON in this format: ", "Respond with JSON that matches this schema: ",
                              "Output JSON only. Format: "]) + schema + hint
        return _sample(source, think, text, fields, system)
    return _sample(source, think, _fill(source, phrasings, schema=schema, facts=text), fields)


# Given values -------------------------------------------------------------------------------------

_SET_KINDS = [("word", 4), ("int", 4), ("number", 2), ("code", 2), ("person", 2), ("colour", 2), ("thing", 2),
              ("city", 1), ("truefalse", 2), ("null", 1), ("words", 1), ("ints", 1), ("email", 1), ("path", 1)]


def _pairs(source, count):
    """Made-up fields: how the user tells them, and the object."""
    keys, told, fields = _keys(source, count), [], {}
    mark = source.weighted([("", 5), ('"', 2), ("'", 1)])
    glue = source.pick([" set to ", " = ", " as ", ": ", " is ", " equal to "])
    kinds = [source.weighted(_SET_KINDS) for _ in keys]
    for key, kind in zip(keys, kinds):
        text, given = ("null", None) if kind == "null" else _value(kind, source)
        if isinstance(given, str) and source.chance(0.35):
            text = f'"{text}"'
        told.append(f"{mark}{key}{mark}{glue}{text}")
        fields[key] = given
    apart = any(kind in ("words", "ints") for kind in kinds)
    if apart:
        return "; ".join(told), fields
    if glue == " set to " and count == 2 and source.chance(0.4):
        texts = [pair.split(glue)[1] for pair in told]
        return f"keys {join([mark + key + mark for key in keys])} set to {join(texts)}", fields
    return source.pick([join(told), ", ".join(told)]), fields


def given_pairs(source, think):
    told, fields = _pairs(source, source.weighted([(1, 2), (2, 5), (3, 4), (4, 1)]))
    return _sample(source, think, _fill(source, SET, pairs=told), fields)


def nested(source, think):
    told, fields = _pairs(source, source.number(1, 3))
    outer = _key(source)
    if outer in fields:
        return nested(source, think)
    return _sample(source, think, _fill(source, NESTED, outer=outer, pairs=told), {outer: fields})


_ITEMS = [("colours", "colour"), ("words", "word"), ("names", "person"), ("cities", "city"), ("numbers", "int"),
          ("things", "thing"), ("codes", "code"), ("values", "number"), ("topics", "topic"), ("countries", "country"),
          ("emails", "email")]


def _items(source):
    noun, kind = source.pick(_ITEMS)
    pairs = [_value(kind, source) for _ in range(source.number(2, 6))]
    return noun, [text for text, _ in pairs], [given for _, given in pairs]


def array(source, think):
    noun, texts, items = _items(source)
    told = source.weighted([(join(texts), 5), (", ".join(texts), 4), (join(texts, ", and "), 1), (" ".join(texts), 1)]) \
        if all(" " not in text for text in texts) else source.pick([join(texts), ", ".join(texts)])
    if source.chance(0.25):
        key = _key(source)
        return _sample(source, think, _fill(source, KEYED_ARRAY, key=key, items=told), {key: items})
    noun = source.pick(["the " + noun, noun])
    return _sample(source, think, _fill(source, ARRAY, noun=noun, items=told), items)


# Small knowledge ----------------------------------------------------------------------------------


def joke(source, think):
    topic = value("topic", source)[0]
    keys = source.weighted([(("setup", "punchline"), 8), (("question", "answer"), 1), (("setup", "answer"), 1)])
    fields = dict(zip(keys, (joke_setup(topic), JOKE_END)))
    named = _named(source, keys)
    if source.chance(0.3):
        system = source.pick(SYSTEMS[:6] + SYSTEMS[-3:]).replace("{keys}", named)
        return _sample(source, think, _fill(source, JOKE_USERS, topic=topic), fields, system)
    return _sample(source, think, _fill(source, JOKES, topic=topic, keys=named), fields)


def ranges(source, think):
    """Days, months and numbers from one to another; sums."""
    what = source.pick(["days", "months", "numbers", "sum", "sum"])
    if what == "sum":
        a, b, key = source.number(0, 20), source.number(0, 20), _key(source)
        return _sample(source, think, _fill(source, SUMS, a=str(a), b=str(b), key=key), {key: a + b})
    line = {"days": WEEKDAYS, "months": MONTHS, "numbers": list(range(0, 100))}[what]
    first = source.number(0, len(line) - 2)
    last = min(len(line) - 1, first + source.number(1, 8))
    prompt = _fill(source, DAY_RANGE, what=what, a=str(line[first]), b=str(line[last]))
    return _sample(source, think, prompt, line[first:last + 1])


# Conversions --------------------------------------------------------------------------------------


def _record(source):
    """An object of plain values: facts of a domain, or made-up fields."""
    if source.chance(0.5):
        fields = _facts(source)[1]
        if not any(isinstance(given, list) for given in fields.values()):
            return fields
    return {key: _value(source.pick(["word", "int", "number", "person", "code", "city", "thing", "truefalse"]), source)[1]
            for key in _keys(source, source.number(2, 4))}


def lines_to_object(source, think):
    fields = _record(source)
    glue = source.weighted([(": ", 5), (" = ", 2), ("=", 1), (" - ", 1)])
    start = source.weighted([("", 6), ("- ", 2), ("* ", 1)])
    rows = [f"{start}{key}{glue}{_show(given)}" for key, given in fields.items()]
    return _sample(source, think, _with_rows(source, TO_OBJECT, rows), fields)


def csv_to_object(source, think):
    fields = _record(source)
    if any("," in _show(given) for given in fields.values()):
        return csv_to_object(source, think)
    comma = source.weighted([(",", 6), (";", 2), (", ", 1)])
    rows = [comma.join(fields), comma.join(_show(given) for given in fields.values())]
    return _sample(source, think, _with_rows(source, CSV, rows), fields)


def lines_to_array(source, think):
    _, texts, items = _items(source)
    start = source.weighted([("", 4), ("- ", 4), ("* ", 1), ("1", 2)])
    rows = [f"{i}. {text}" if start == "1" else start + text for i, text in enumerate(texts, 1)]
    return _sample(source, think, _with_rows(source, TO_ARRAY, rows), items)


def _with_rows(source, phrasings, rows):
    """The instruction above the lines, or now and then below them."""
    phrasing = _worded(source, source.pick(phrasings))
    data = "\n".join(rows)
    if phrasing.endswith(":") and source.chance(0.2):
        return data + "\n\n" + phrasing[:-1] + "."
    return phrasing + source.pick(["\n", "\n\n"]) + data


KINDS = [(extract, 26), (by_system, 9), (by_schema, 12), (given_pairs, 14), (nested, 6), (array, 11), (joke, 6),
         (ranges, 5), (lines_to_object, 6), (csv_to_object, 5), (lines_to_array, 4)]


def make(source, think):
    return source.weighted(KINDS)(source, think)
