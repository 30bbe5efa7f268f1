"""From a kind of tool to a definition on offer, and from that to what a user wishes of it.

An `Entry` describes a kind of tool: its names, descriptions, parameters and the ways people ask
for it. An `Offer` is one definition made from it, and `Offer.wish` makes a request in the user's
words together with the arguments that a right call has.
"""

import json
import re
from dataclasses import dataclass, field

from .tools_values import FOLDS, ITEM_TYPES, TYPES, join, sentence, value

_SLOT = re.compile(r"\{(\w+)\}")
_ON_TODAY = re.compile(r"\bon (today|tomorrow)\b")
# Templates that begin so are questions or statements; all others are commands ("Add ...").
_NOT_COMMANDS = set("what what's whats how how's is will which who whose where when do does did can "
                    "could would i i'd i'm my the a any are should there it at to in we you time "
                    "light lights alarm timer volume random wikipedia: shopping new one hotel table our heads a".split())


@dataclass
class Param:
    """A parameter: `key` is its slot in the phrasings, `names` what schemas call it.

    `tails` are the phrases that give its value when it is optional; without tails it is required.
    An enum that is `always` given is required too: its first option when the user says nothing.
    """

    key: str
    names: list
    kind: object
    says: list
    tails: list = field(default_factory=list)
    always: bool = False


@dataclass
class Entry:
    """A kind of tool. Two tools of one group are never offered together.

    `reply` makes the result that the tool gives for its arguments, or is None for tools that just
    do something; `subject` is what the result is ("The weather in {city}"). The name of an `opaque`
    tool says nothing, so its description is never left out.
    """

    group: str
    names: list
    says: list
    params: list
    goal: str
    asks: list
    reply: object = None
    subject: str = "The result"
    keys: list = field(default_factory=lambda: ["result"])
    opaque: bool = False


@dataclass
class Wish:
    """What a user wants of an offered tool: the request, and the right call."""

    offer: object
    text: str
    arguments: dict
    spoken: dict
    values: dict
    is_command: bool

    @property
    def name(self):
        return self.offer.name

    @property
    def call(self):
        return {"function": {"name": self.name, "arguments": self.arguments}}

    def reasoning(self):
        """Which tool fits and what its arguments are, in short sentences."""
        facts = [f"The tool {self.name} fits."]
        if not self.arguments:
            facts.append("It needs no arguments.")
        return " ".join(facts + self.facts())

    def facts(self):
        return [sentence(f"{name} is {show(given)}") for name, given in self.arguments.items()]

    def subject(self):
        return fill(self.offer.entry.subject, self.spoken)


def _is_command(template):
    """Whether "Please" or "Can you" can stand before it."""
    return template[0].isupper() and template[-1] != "?" and template.split()[0].lower().rstrip(",!") not in _NOT_COMMANDS


def show(given):
    """A value in a sentence."""
    if isinstance(given, list):
        return join([show(item) for item in given])
    if isinstance(given, dict):
        return join([f"{key} {show(item)}" for key, item in given.items()])
    return given if isinstance(given, str) else json.dumps(given)


def fill(template, texts):
    return _SLOT.sub(lambda match: texts[match.group(1)], template)


def add_tail(text, tail):
    """Puts a phrase before the mark that ends a sentence."""
    end = text[-1] if text[-1] in ".?!" else ""
    return ((text[:-1] if end else text) + tail + end).replace(" ,", ",")


def lower_first(text):
    return text if re.match(r"I\b|I'|[A-Z]{2}|\{", text) else text[:1].lower() + text[1:]


class Offer:
    """One tool definition, and the requests that fit it."""

    def __init__(self, source, entry):
        self.entry = entry
        self.name = source.pick(entry.names)
        self.params = list(entry.params)
        if source.chance(0.25):
            source.rng.shuffle(self.params)
        self.names = {param.key: source.pick(param.names) for param in self.params}
        self.definition = _definition(source, self)

    def wish(self, source, lower=False, template=None):
        """A request in the user's words; `lower` for somebody who never types a capital."""
        template = template or source.pick(self.entry.asks)
        for param in self.params:
            if param.tails and "{" + param.key + "}" not in template and source.chance(0.35):
                template = add_tail(template, source.pick(param.tails))
        texts, values, is_command = {}, {}, _is_command(template)
        for param in self.params:
            if "{" + param.key + "}" in template or not param.tails:
                text, given = _spoken(source, param, template, lower)
                texts[param.key], values[param.key] = text, given
            elif param.always:
                values[param.key] = param.kind[0][0]
        if "source" in values and values["source"] == values.get("target"):
            return self.wish(source, lower, template)
        spoken = {key: text.strip("\"'") for key, text in texts.items()}
        if lower:
            template = "".join(part if part.startswith("{") else part.lower()
                               for part in re.split(r"(\{\w+\})", template))
        arguments = {self.names[p.key]: values[p.key] for p in self.params if p.key in values}
        text = _ON_TODAY.sub(r"\1", fill(template, texts))
        return Wish(self, text, arguments, spoken, values, is_command)


def _spoken(source, param, template, lower):
    """The text and value of a parameter: in lower case or in quotes where people write so."""
    kind = param.kind
    if isinstance(kind, dict):
        return _spoken_object(source, kind)
    text, given = value(kind, source)
    if lower and isinstance(kind, str) and kind in FOLDS:
        text = given = given.lower()
    slot = "{" + param.key + "}"
    if "'" + slot in template or '"' + slot in template:
        return text, given
    is_last = template.rstrip(".?!").endswith(slot)
    must_quote = kind == "phrase" and not is_last
    may_quote = isinstance(kind, str) and TYPES[kind] == "string" and "'" not in text
    if must_quote or may_quote and source.chance(0.5 if kind == "phrase" else 0.1):
        mark = source.pick("\"\"'")
        text = mark + text + mark
    return text, given


def _spoken_object(source, kinds):
    """The fields of an object argument, each with its name."""
    pairs = {name: value(kind, source) for name, kind in kinds.items()}
    text = join([f"{name} {text}" for name, (text, _) in pairs.items()])
    return text, {name: given for name, (_, given) in pairs.items()}


# Definitions --------------------------------------------------------------------------------------


def _definition(source, offer):
    """The OpenAI-style definition. Styles vary: with or without descriptions, titles, required."""
    style = source.weighted([("full", 5), ("bare", 4), ("pydantic", 1)])
    entry = offer.entry
    properties = {offer.names[p.key]: _property(source, p, offer.names[p.key], style)
                  for p in offer.params}
    parameters = {"type": "object", "properties": properties}
    required = [offer.names[p.key] for p in offer.params if p.always or not p.tails]
    if required and source.chance(0.8):
        parameters["required"] = required
    elif not required and source.chance(0.3):
        parameters["required"] = []
    if source.chance(0.04):
        parameters["additionalProperties"] = False
    function = {"name": offer.name}
    if entry.says and (entry.opaque or source.chance(0.93)):
        function["description"] = source.pick(entry.says)
    function["parameters"] = parameters
    return {"type": "function", "function": function}


def _property(source, param, name, style):
    """The schema of one parameter."""
    schema = _type_schema(param.kind)
    if param.tails and not param.always and style == "pydantic":
        schema = {"anyOf": [schema, {"type": "null"}]} if source.chance(0.5) else schema
        schema["default"] = None
    says = param.says and style != "bare" and source.chance(0.8)
    extras = {"title": name.replace("_", " ").title()} if style == "pydantic" else {}
    if says:
        extras["description"] = source.pick(param.says)
    if source.chance(0.3):
        return {**extras, **schema}
    return {**schema, **extras}


def _type_schema(kind):
    if isinstance(kind, list):
        return {"type": "string", "enum": [choice for choice, _ in kind]}
    if isinstance(kind, dict):
        return {"type": "object",
                "properties": {name: {"type": TYPES[inner]} for name, inner in kind.items()}}
    schema = {"type": TYPES[kind]}
    if kind in ITEM_TYPES:
        schema["items"] = {"type": ITEM_TYPES[kind]}
    return schema
