"""How the tables of classic tools are written, and the replies that such tools give.

A row has a group, the names and descriptions the tool goes by, its parameters, what the user wants
of it, and the phrasings people use, among them true synonyms that share no word with the tool
("How hot is it in Lima?"). In a parameter the slot of the phrasings comes first, then what schemas
call it, its kind of value, its descriptions, and, if it is optional, the phrases giving it.
"""

from .tools_build import Entry, Param
from .tools_values import value


def split(text, mark="|"):
    """The parts of a table's cell."""
    return [part.strip() for part in text.split(mark) if part.strip()]


def need(key, names, kind, says=""):
    return Param(key, names.split(), kind, split(says))


def may(key, names, kind, says, tails):
    return Param(key, names.split(), kind, split(says), [" " + tail for tail in split(tails)])


def one_of(**options):
    """An enum: each option with what users say for it."""
    return [(choice, split(spoken)) for choice, spoken in options.items()]


def tool(group, names, says, params, goal, asks, reply=None, subject="The result", keys="result"):
    return Entry(group, names.split(), split(says), params, goal, split(asks, "\n"), reply, subject,
                 keys.split())


def some(kind):
    """A reply that is some value of a kind."""
    return lambda source, values: value(kind, source)[1]


def a_weather(source, values):
    sky = source.pick("sunny cloudy rainy foggy windy snowy stormy clear humid dry".split())
    degrees = source.number(-9, 39)
    return source.pick([sky, f"{sky}, {degrees} C", f"{degrees} degrees", f"{degrees}°C and {sky}",
                        f"It's {sky}.", f"It is {sky} with {degrees} degrees.", f"{degrees} C"])


def a_finding(source, values):
    name, thing = value("person", source)[0], value("thing", source)[0]
    return source.pick([f"{name} wrote a book about it.", f"It was found near the {thing}.",
                        f"The best known one is the {thing} of {name}.", f"{name} invented it in "
                        f"{source.number(1500, 2020)}.", f"There are {source.number(2, 900)} kinds."])


def whole(number):
    return int(number) if float(number).is_integer() else round(number, 3)


def a_percentage(source, values):
    return whole(values["part"] * values["whole"] / 100)
