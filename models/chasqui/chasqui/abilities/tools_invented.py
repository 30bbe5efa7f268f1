"""Tools that nobody has seen: put together from open-class verbs, nouns and parameter names.

They teach the general thing: choose the tool by the words it shares with the request, and each
argument by its name, its type, or its place. `invent(source)` returns an `Entry`.
"""

from .tools_build import Entry, Param
from .tools_data import NOUNS, OPTIONS, PARAMETERS, VERBS
from .tools_values import value

_FETCH = "get get get fetch find lookup show check read load query list retrieve".split()

# Parameters whose values are told by their form or a preposition, so that the request need not name
# them: slot names, kind, phrases, descriptions.
_TYPED = [
    ("city city location place destination town", "city", ["in {}", "in {}"], ["The city.", "Where it is"]),
    ("name customer person guest member owner client user", "person", ["for {}", "for {}"],
     ["The name.", "Name of the person", "Who it is for"]),
    ("date day start_date on_date when", "date", ["on {}", "for {}", "on {}"], ["The date.", "The day"]),
    ("time start_time at hour start", "time", ["at {}", "at {}"], ["The time.", "When"]),
    ("email address recipient contact to", "email", ["to {}", "and send it to {}", "for {}"],
     ["The email address.", "The recipient"]),
    ("file path file_path filename source", "path", ["from {}", "in {}", "in the file {}"],
     ["The file.", "Path of the file"]),
    ("url link website page", "url", ["from {}", "at {}", "on {}"], ["The URL.", "The link"]),
    ("id code number reference key", "code", ["{}", "with the id {}", "number {}", "with code {}"],
     ["The id.", "The code"]),
    ("minutes duration duration_minutes", "count", ["for {} minutes", "of {} minutes"],
     ["Minutes.", "How long, in minutes"]),
    ("days num_days day_count", "few", ["for {} days", "over {} days"], ["Days.", "Number of days"]),
    ("price cost amount budget max_price", "amount", ["for {} dollars", "for {} euros"],
     ["The price.", "The amount of money"]),
    ("colour color", "colour", ["in {}", "in the colour {}"], ["The colour."]),
    ("language lang", "language", ["in {}"], ["The language."]),
    ("year", "year", ["of the year {}", "from the year {}"], ["The year."]),
]
_LABELLED = ["with {p} {}", "with {p} {}", "with the {p} {}", "with {p} set to {}", "and set the {p} to {}",
             "where the {p} is {}", "using {p} {}", "with {p} = {}", "({p}: {})", "with the {p} of {}",
             ", {p} {}", "and {p} {}", "for the {p} {}"]
_LABELLED_KINDS = [("word", 4), ("code", 2), ("person", 2), ("thing", 2), ("int", 5), ("number", 2),
                   ("count", 2), ("enum", 3), ("truefalse", 1), ("date", 1), ("phrase", 1), ("words", 1),
                   ("ints", 1), ("object", 0.5)]


def noun(source):
    """One to two words that name a domain; one in five is made up."""
    if source.chance(0.2):
        return source.made_up()
    if source.chance(0.25):
        return source.word(NOUNS) + " " + source.word(NOUNS)
    return source.word(NOUNS)


def a(thing):
    """The thing with its article."""
    return ("an " if thing[0] in "aeiou" else "a ") + thing


def names(source, words):
    """A tool's name in one of the common styles."""
    words = words.split()
    style = source.weighted([("snake", 6), ("camel", 2), ("kebab", 1), ("pascal", 1)])
    if style == "snake":
        return "_".join(words)
    if style == "kebab":
        return "-".join(words)
    pascal = "".join(word.capitalize() for word in words)
    return pascal if style == "pascal" else pascal[:1].lower() + pascal[1:]


def parameter_name(source):
    name = source.made_up() if source.chance(0.15) else source.word(PARAMETERS)
    if source.chance(0.2):
        name += "_" + source.word(PARAMETERS)
    return name


def labelled(source, key, optional=False):
    """A parameter that the request names, and the phrases that give its value."""
    name = parameter_name(source)
    kind = source.weighted(_LABELLED_KINDS)
    if kind == "enum":
        kind = [(word, [word]) for word in _options(source)]
    elif kind == "object":
        inner = [parameter_name(source) for _ in range(2)]
        kind = {field: source.pick(["word", "int", "person"]) for field in inner}
    spoken = name.replace("_", " ")
    slot = "{" + key + "}"
    phrases = [phrase.replace("{p}", spoken).replace("{}", slot) for phrase in source.some(_LABELLED, 3)]
    says = [f"The {spoken}.", f"The {spoken} to use", f"{spoken.capitalize()} of it"]
    return Param(key, [name], kind, says, [" " + p for p in phrases] if optional else []), phrases


def typed(source, key, row, optional=False):
    """A parameter whose value is known by its form."""
    words, kind, phrases, says = row
    phrases = [phrase.replace("{}", "{" + key + "}") for phrase in phrases]
    return Param(key, [source.pick(words.split())], kind, says,
                 [" " + p for p in phrases] if optional else []), phrases


def _options(source):
    options = []
    while len(options) < 3:
        word = source.made_up() if source.chance(0.2) else source.word(OPTIONS)
        if word not in options:
            options.append(word)
    return options


def _verb(source):
    return source.made_up() if source.chance(0.1) else source.word(VERBS)


# The kinds of invented tools ----------------------------------------------------------------------


def fetch(source, thing=None):
    """A tool that gets the noun of something."""
    thing = thing or noun(source)
    row = source.pick(_TYPED[:2] + _TYPED[:2] + [_TYPED[2], _TYPED[7]] +
                      [("name item thing title product", "thing", [], ["The name.", "What to look up"]),
                       ("query input text name", "word", [], ["The query.", "The input"])])
    param, _ = typed(source, "x", row)
    if source.chance(0.2):
        param.names = [parameter_name(source)]
    params = [param]
    if source.chance(0.3):
        params.append(labelled(source, "y", optional=True)[0])
    verb = source.pick(_FETCH)
    opaque = source.chance(0.12)
    name = source.made_up() if opaque else source.weighted([
        (names(source, f"{verb} {thing}"), 7), (names(source, f"{thing} lookup"), 1),
        (names(source, thing), 2), (names(source, f"{thing} tool"), 1)])
    says = [f"Get the {thing}.", f"Returns the {thing} for {a(param.names[0].replace('_', ' '))}.",
            f"Looks up the {thing}.", f"Finds {a(thing)} by {param.names[0].replace('_', ' ')}.",
            f"Tells the {thing} of something.", f"{thing.capitalize()} information."]
    of = source.pick(["in", "of", "for"]) if row[1] == "city" else source.pick(["of", "for", "for"])
    asks = [f"What is the {thing} {of} {{x}}?", f"What's the {thing} {of} {{x}}?",
            f"{verb.capitalize()} the {thing} {of} {{x}}.", f"Get the {thing} {of} {{x}}.",
            f"Show me the {thing} {of} {{x}}.", f"Tell me the {thing} {of} {{x}}.",
            f"I need the {thing} {of} {{x}}.", f"Give me the {thing} {of} {{x}}.",
            f"Find the {thing} {of} {{x}}.", f"{thing.capitalize()} {of} {{x}}?",
            f"Which {thing} does {{x}} have?", f"Can you look up the {thing} {of} {{x}}?",
            f"Do you know the {thing} {of} {{x}}?", f"Check the {thing} {of} {{x}}.",
            f"what about the {thing} {of} {{x}}", f"I want to know the {thing} {of} {{x}}.",
            f"Look up {{x}} and tell me the {thing}.", f"How is the {thing} {of} {{x}}?",
            f"Is there {a(thing)} {of} {{x}}?", f"{{x}} {thing}?"]
    return Entry(thing, [name], [] if not opaque and source.chance(0.15) else says, params, f"the {thing}",
                 asks, _result, f"The {thing} {of} {{x}}", [thing.replace(" ", "_")], opaque)


def _result(source, values):
    kind = source.pick(["int", "word", "code", "number", "person", "thing", "colour", "time"])
    return value(kind, source)[1]


def act(source, thing=None):
    """A tool that does something with the noun, with one to three arguments."""
    thing = thing or noun(source)
    verb = _verb(source)
    pairs = []
    rows = source.some(_TYPED, source.weighted([(0, 3), (1, 5), (2, 3)]))
    rows = [row for i, row in enumerate(rows) if all(_apart(row, other) for other in rows[:i])]
    for key, row in zip("xy", rows):
        pairs.append(typed(source, key, row, optional=source.chance(0.2)))
    if not pairs or source.chance(0.4):
        pairs.append(labelled(source, "z", optional=bool(pairs) and source.chance(0.3)))
    params = [param for param, _ in pairs]
    # Each parameter has one name: two of one name would be one key.
    if len({param.names[0] for param in params}) < len(params):
        return act(source, thing)
    asks = []
    for _ in range(3):
        given = " ".join(source.pick(phrases) for param, phrases in source.some(pairs, len(pairs))
                         if not param.tails).replace(" ,", ",")
        given = " " + given if given and not given.startswith(",") else given
        asks += [f"{verb.capitalize()} the {thing}{given}.", f"{verb.capitalize()} {a(thing)}{given}.",
                 f"{verb.capitalize()} my {thing}{given}.", f"I want to {verb} the {thing}{given}.",
                 f"I need you to {verb} the {thing}{given}.", f"Can you {verb} the {thing}{given}?",
                 f"We should {verb} the {thing}{given}.", f"{verb.capitalize()} {thing}{given}",
                 f"Go and {verb} the {thing}{given}.", f"Would you {verb} the {thing}{given}?"]
    says = [f"{verb.capitalize()} {a(thing)}.", f"{verb.capitalize()}s the {thing}.", f"{verb.capitalize()} the {thing}.",
            f"Use this to {verb} {a(thing)}."]
    opaque = source.chance(0.1)
    name = source.made_up() if opaque else names(
        source, source.pick([f"{verb} {thing}", f"{verb} {thing}", f"{thing} {verb}"]))
    return Entry(thing, [name], says, params, f"to {verb} the {thing}", asks, opaque=opaque)


def _apart(row, other):
    """Whether two typed parameters can never be mistaken for one another."""
    return row[2][0] != other[2][0] and not set(row[0].split()) & set(other[0].split())


def switch(source, thing=None):
    """A tool that sets one state of a thing: on or off, a number, or an option."""
    thing = thing or noun(source)
    kind = source.pick(["onoff", "onoff", "enable", "open", "start", "percent", "number", "enum"])
    if kind == "onoff":
        names_, asks = "on state enabled power active is_on", [
            "Turn {x} the @.", "Turn the @ {x}.", "Switch {x} the @.", "Switch the @ {x}.", "@ {x}, please.",
            "Please turn {x} the @.", "I want the @ {x}.", "Can you turn the @ {x}?", "Set the @ to {x}.",
            "The @ should be {x}."]
        says = [f"Turn the {thing} on or off.", f"Switches the {thing}.", f"Power of the {thing}."]
    elif kind in ("enable", "open", "start"):
        names_, asks = {"enable": "enabled enable active", "open": "open is_open opened",
                        "start": "running start started"}[kind], [
            "{x} the @.", "Please {x} the @.", "Can you {x} the @?", "I want to {x} the @.", "Would you {x} the @?",
            "You should {x} the @ now.", "{x} my @, please."]
        says = {"enable": [f"Enable or disable the {thing}."], "open": [f"Open or close the {thing}."],
                "start": [f"Start or stop the {thing}."]}[kind]
    else:
        names_, asks = "value level target setting amount" if kind != "enum" else "mode option kind level style", [
            "Set the @ to {x}.", "Set @ to {x}.", "Put the @ at {x}.", "Change the @ to {x}.",
            "I want the @ at {x}.", "Make the @ {x}.", "Adjust the @ to {x}.", "The @ should be {x}.", "@ to {x}, please."]
        says = [f"Set the {thing}.", f"Sets the {thing} to a value.", f"Change the {thing}."]
    if kind == "enum":
        kind = [(word, [word]) for word in _options(source)]
    name = names(source, source.pick([f"set {thing}", f"set {thing}", f"control {thing}", f"{thing} switch", thing]))
    asks = [ask.replace("@", thing) for ask in asks]
    return Entry(thing, [name], says, [Param("x", names_.split(), kind, ["The state.", "What to set"])],
                 f"to set the {thing}", asks)


def no_arguments(source, thing=None):
    """A tool that takes no arguments."""
    thing = thing or noun(source)
    if source.chance(0.5):
        verb = source.pick(_FETCH)
        asks = [f"What is the {thing}?", f"What's the {thing} now?", f"Get the {thing}.", f"Show me the {thing}.",
                f"Tell me the {thing}.", f"Give me the {thing}.", f"{thing.capitalize()}?", f"I need the {thing}.",
                f"{verb.capitalize()} the {thing}.", f"How is the {thing}?", f"What does the {thing} say?",
                f"Is there {a(thing)}?", f"Use the tool to get the {thing}."]
        return Entry(thing, [names(source, source.pick([f"{verb} {thing}", f"{verb} current {thing}", thing]))],
                     [f"Get the {thing}.", f"Returns the {thing}.", f"Shows the current {thing}."], [],
                     f"the {thing}", asks, _result, f"The {thing}", [thing.replace(" ", "_")])
    verb = _verb(source)
    asks = [f"{verb.capitalize()} the {thing}.", f"Please {verb} the {thing}.", f"Can you {verb} the {thing}?",
            f"I want you to {verb} the {thing}.", f"{verb.capitalize()} my {thing} now.", f"Time to {verb} the {thing}.",
            f"{verb.capitalize()} {thing}", f"Go and {verb} the {thing}."]
    return Entry(thing, [names(source, f"{verb} {thing}")], [f"{verb.capitalize()} the {thing}.",
                 f"{verb.capitalize()}s the {thing}."], [], f"to {verb} the {thing}", asks)


def collect(source, thing=None):
    """A tool with an array argument."""
    thing = thing or noun(source)
    verb = _verb(source)
    kind = source.pick(["words", "things", "people", "ints", "ints", "emails", "codes", "cities", "numbers"])
    name = source.word(PARAMETERS) + "s" if source.chance(0.5) else \
        source.pick({"ints": "numbers values scores", "numbers": "values amounts", "people": "names members guests",
                     "cities": "cities places", "emails": "recipients emails"}.get(kind, "items tags values").split())
    spoken = name.replace("_", " ")
    big = verb.capitalize()
    asks = [f"{big} {{x}} to the {thing}.", f"{big} the {thing} with {{x}}.", f"{big} the {thing} with the {spoken} {{x}}.",
            f"{big} these {spoken} for the {thing}: {{x}}", f"{big} {a(thing)} for {{x}}.", f"{big} the {thing} of {{x}}.",
            f"{big} {{x}} for the {thing}.", f"Can you {verb} the {thing} with {{x}}?",
            f"I want to {verb} the {thing} with {{x}}.", f"{big} the {thing}: {{x}}"]
    return Entry(thing, [names(source, f"{verb} {thing}")], [f"{big} the {thing}.", f"{big}s the {thing} with a list.",
                 f"{big} some {spoken} to the {thing}."],
                 [Param("x", [name], kind, [f"The {spoken}.", f"A list of {spoken}"])], f"to {verb} the {thing}", asks)


_MAGIC = ["magic function", "magic function", "test function", "secret function", "foo", "my tool", "some tool"]


def magic(source, thing=None):
    """An opaque function that the request names, as test suites do: "magic_thing(3)"."""
    word = thing or (source.made_up() if source.chance(0.5) else noun(source))
    name = source.pick([names(source, word), names(source, source.pick(_MAGIC)), names(source, source.pick(["magic", "my", "do", "run", "apply", "test",
                                                                         "compute", "call"]) + " " + word),
                        names(source, word + " " + source.pick(["function", "tool", "fn", "api", "function 2"]))])
    count = source.weighted([(0, 1), (1, 5), (2, 4), (3, 1)])
    if count == 0 and source.chance(0.2):
        name += source.pick(["_no_args", "_without_arguments", "_noargs"])
    labels = source.some("input x y n a b value text arg num data foo bar query key".split(), count)
    labels = [parameter_name(source) if source.chance(0.4) else label for label in labels]
    if len(set(labels)) < count:
        return magic(source, thing)
    kinds = [source.weighted([("int", 6), ("number", 2), ("word", 4), ("code", 2), ("person", 1), ("ints", 1),
                              ("truefalse", 1)]) for _ in labels]
    params = [Param(key, [label], kind, [f"The {label}.", "An input."])
              for key, label, kind in zip("xyz", labels, kinds)]
    if count == 0:
        asks = ["What is the value of @()? Use the tool.", "Call @.", "Call @().", "Use the @ tool.", "Run @.",
                "What does @() return?", "Use @.", "Please call the @ tool.", "Invoke @ now.", "call the function @",
                "Give me the result of @().", "Use the tool @ and tell me the result."]
    else:
        places = ", ".join("{" + key + "}" for key, _ in zip("xyz", labels))
        equals = ", ".join(label + source.pick(["=", " = "]) + "{" + key + "}" for key, label in zip("xyz", labels))
        colons = ", ".join(label + ": {" + key + "}" for key, label in zip("xyz", labels))
        sets = " and ".join(label + source.pick([" set to ", " equal to ", " as ", " "]) + "{" + key + "}"
                            for key, label in zip("xyz", labels))
        asks = [f"What is the value of @({places})? Use the tool.", f"What is @({places})?",
                f"Call @({places}).", f"Call @ with {sets}.", f"use the @ tool with {equals}", f"Run @ with {sets}.",
                f"What does @({places}) return?", f"call @ with {equals}", f"Use the @ tool. {colons}",
                f"Compute @({equals}).", f"Please call the @ tool with {sets}.", f"Use the tool to get @({places}).",
                f"Invoke @ with {colons}", f"What do I get from @ with {equals}?", f"Use @ on {places}.",
                f"Apply @ to {places}.", f"Execute @({equals}).", f"What is the result of @({equals})?",
                f"Try @ with {equals}.", f"I want to call @ with {sets}."]
    says = ["Applies a magic function to an input.", "Applies a magic function.", "A test tool.", "Does something special.",
            f"Computes the {word}.", "A function for testing."]
    return Entry(word, [name], says if source.chance(0.8) else [], params, f"to use {name}",
                 [ask.replace("@", name) for ask in asks], _result, "The result", ["result"])


_KINDS = [(fetch, 34), (act, 30), (switch, 9), (no_arguments, 8), (collect, 7), (magic, 12)]


def invent(source, thing=None):
    """A tool made up for this sample; about `thing` when that is given."""
    return source.weighted(_KINDS)(source, thing)
