"""Facts about a user: their values, how they are told, and how they are asked for."""

from .common import (ANIMALS, CITIES, COLOURS, FOODS, GIVEN_NAMES, HOBBIES, JOBS, OBJECTS, city, given_name,
                     lower_template, polish)
from .memory_data import (AS_IS, BY_CLAUSE, BY_NOUN, CODE_NOUNS, DAYS, DETAILS, EVENTS, FACTS, PLACE_WORDS,
                          PLACES, PLAIN, RELATIVES, REMEMBER)

# How often each kind of fact is told.
KINDS = [("name", 9), ("age", 3), ("colour", 4), ("number", 3), ("city", 5), ("origin", 3), ("job", 3),
          ("hobby", 3), ("food", 3), ("animal", 2), ("pet", 4), ("code", 7), ("relative", 4),
          ("event", 4), ("thing", 4), ("detail", 7)]
ABOUT_THE_USER = ["name", "age", "colour", "number", "city", "origin", "job", "hobby", "food", "animal",
                  "pet"]


def article(word):
    return "an" if word[:1].lower() in "aeiou" else "a"


def _time(source):
    """A time of day, mostly with a day, as it follows "My meeting is"."""
    hour, minute = source.number(1, 12), source.pick(["00", "15", "30", "45", "10", "20", "05"])
    clock = source.pick([f"at {source.number(7, 21)}:{minute}", f"at {hour} o'clock", f"at {hour} pm",
                         f"at {hour} am", f"at {hour}:{minute}", "at noon", f"at half past {hour}"])
    if source.chance(0.4):
        return clock
    if source.chance(0.3):
        return f"on {source.number(1, 31)} {source.pick(['March', 'May', 'June', 'July', 'October'])}"
    day = source.pick([f"on {source.pick(DAYS)}", "tomorrow", f"on {source.pick(DAYS)}"])
    return day if source.chance(0.3) else f"{day} {clock}"


def _code(source, noun):
    """A secret value: a code, an invented word, two real words, digits."""
    if noun in ("PIN", "door code", "passcode", "access code") and source.chance(0.6):
        return str(source.number(1000, 99999))
    return source.weighted([
        (source.code(), 5), (source.made_up(), 3), (source.made_up().capitalize(), 1),
        (source.code().upper(), 2), (source.word(OBJECTS), 2), (str(source.number(100, 99999)), 2),
        (f"{source.word(COLOURS)} {source.word(ANIMALS)}", 2), (f"{source.made_up()}-{source.number(1, 99)}",
            1),
        (f"{source.code(3)}-{source.code(3)}", 1), (source.word(FOODS), 1), (source.word(ANIMALS).upper(), 1),
    ])


def _detail(source, noun):
    """A value that fits the noun well enough to be typed by somebody."""
    if noun.endswith(("number", "line", "size", "id", "gate")):
        return source.pick([str(source.number(2, 999)), str(source.number(1000, 99999999)),
                            source.code().upper()])
    if noun == "email address":
        return f"{source.word(GIVEN_NAMES).lower().replace(' ', '.')}@{source.made_up()}.{source.pick(['com', 'org', 'net'])}"
    if noun == "favourite city":
        return city(source)
    if noun in ("user name", "booking reference", "blood type", "laptop", "car",
                "player name") and source.chance(0.5):
        return source.code()
    return source.pick([source.made_up().capitalize(), source.word(GIVEN_NAMES), source.made_up(),
                        f"{source.made_up().capitalize()} {source.word(OBJECTS)}", source.word(CITIES)])


def _own_name(source):
    name = given_name(source)
    if source.chance(0.1):
        return f"{name} {source.made_up().capitalize()}"
    return name.lower() if source.chance(0.07) else name


def _values(source, kind):
    """The slots of a new fact of a kind."""
    if kind == "name":
        return {"v": _own_name(source)}
    if kind == "age":
        return {"v": str(source.number(4, 99))}
    if kind == "colour":
        colour = source.pick(COLOURS)
        return {"v": source.pick(["dark ", "light ", "pale "]) + colour if source.chance(0.1) else colour}
    if kind == "number":
        return {"v": str(source.pick([source.number(0, 20), source.number(0, 99), source.number(100, 9999)]))}
    if kind in ("city", "origin"):
        return {"v": city(source)}
    if kind in ("job", "hobby", "food", "animal"):
        words = {"job": JOBS, "hobby": HOBBIES, "food": FOODS, "animal": ANIMALS}[kind]
        invented = source.chance(0.08) and kind != "hobby"
        word = source.made_up() if invented else source.word(words)
        return {"v": word, "a": article(word)}
    if kind == "pet":
        animal = source.pick(["dog", "cat", "llama", "parrot",
                              "hamster"]) if source.chance(0.6) else source.word(ANIMALS)
        return {"v": given_name(source), "w": animal, "a": article(animal)}
    if kind == "code":
        noun = source.pick(CODE_NOUNS)
        return {"v": _code(source, noun), "noun": noun}
    if kind == "relative":
        return {"v": given_name(source), "noun": source.pick(RELATIVES)}
    if kind == "event":
        return {"v": _time(source), "noun": source.pick(EVENTS)}
    if kind == "thing":
        p, q = source.some(PLACE_WORDS, 2)
        return {"v": source.pick(PLACES).format(p=p, q=q), "noun": source.word(OBJECTS)}
    noun = source.pick(DETAILS)
    return {"v": _detail(source, noun), "noun": noun}


class Fact:
    """One fact: its kind, its values, and the sentences it takes part in."""

    def __init__(self, source, kind):
        self.kind = kind
        self.texts = FACTS[kind]
        self.slots = _values(source, kind)
        self.old = None

    @property
    def value(self):
        return self.slots["v"]

    def is_like(self, other):
        """Whether both answer the same question."""
        return self.kind == other.kind and self.slots.get("noun") == other.slots.get("noun")

    def fill(self, text):
        return text.format(**self.slots)

    def answer(self):
        return capital(self.fill(self.texts["answer"]))

    def unknown(self):
        return f"You have not told me {self.fill(self.texts['unknown'])}."

    def changed(self, source):
        """The same fact with a new value."""
        new = Fact(source, self.kind)
        while new.value == self.value:
            new = Fact(source, self.kind)
        new.slots.update({k: v for k, v in self.slots.items() if k in ("w", "noun")})
        if self.kind == "pet":
            new.slots["a"] = self.slots["a"]
        new.slots.update(old=self.value, olda=self.slots.get("a", ""))
        new.old = self.value
        return new


def some_facts(source, count):
    """Facts that no question confuses and whose values differ."""
    facts = []
    while len(facts) < count:
        fact = Fact(source, source.weighted(KINDS))
        if not any(fact.is_like(f) or fact.value in f.value or f.value in fact.value for f in facts):
            if not (fact.kind in ("code", "detail", "event", "thing") and _same_noun(fact, facts)):
                facts.append(fact)
    return facts


def _same_noun(fact, facts):
    """Whether a noun of the fact is part of another's: "code" and "secret code" confuse."""
    noun = fact.slots["noun"]
    return any(noun in f.slots.get("noun", "") or (f.slots.get("noun") or "-") in noun
               or (fact.kind == f.kind == "code") for f in facts)


# Wording ---------------------------------------------------------------------------------------


def capital(text):
    return text[:1].upper() + text[1:]


def state(source, facts, frames=None):
    """A message in which the user tells the facts."""
    lower = source.chance(0.08)
    clauses = []
    for fact in facts:
        clause = source.pick(fact.texts["update" if fact.old else "say"])
        clauses.append(fact.fill(lower_template(clause) if lower else clause))
    frame = source.pick(frames or (REMEMBER if source.chance(0.35) else PLAIN))
    frame = lower_template(frame).replace("{S}", "{s}") if lower else frame
    joined = _join(source, clauses, capitals=not lower)
    return frame.replace("{s}", joined).replace("{S}", joined if lower else capital(joined))


def _join(source, clauses, capitals):
    if len(clauses) == 1:
        return clauses[0]
    if source.chance(0.5):
        mark = source.pick([", ", " and ", ", "])
        return mark.join(clauses[:-1]) + source.pick([" and ", ", and "]) + clauses[-1]
    later = [capital(c) if capitals else c for c in clauses[1:]]
    return source.pick([". ", ". ", "! ", "; "]).join([clauses[0]] + later)


def acknowledge(facts):
    for fact in facts:
        if fact.kind == "name":
            return f"Nice to meet you, {fact.value}."
    if len(facts) == 1:
        answer = facts[0].answer()
        return f"I will remember that {answer[0].lower()}{answer[1:]}"
    return "I will remember that."


def ask(source, fact):
    """A question for a fact."""
    texts = fact.texts
    roll = source.number(1, 10)
    if roll <= 4 and texts["questions"]:
        question = source.pick(texts["questions"])
        phrasing = source.pick(AS_IS)
        low = question if question.startswith(("I ", "{")) else question[:1].lower() + question[1:]
        phrasing = phrasing.replace("{question}", question).replace("{low}", low)
    elif roll <= 7 and not (fact.kind == "thing"):
        phrasing = source.pick(BY_NOUN).replace("{np}", source.pick(texts["asked"]))
    else:
        phrasing = source.pick(BY_CLAUSE).replace("{iq}", source.pick(texts["indirect"]))
    filled = fact.fill(polish(source, phrasing))
    return capital(filled) if phrasing.startswith("{") and source.chance(0.7) else filled


def ask_two(source, one, two):
    first, second = (source.pick(f.texts["indirect"]) for f in (one, two))
    frame = source.pick([
        "Do you know {0} and {1}?", "Tell me {0} and {1}.", "Can you tell me {0} and {1}?",
        "Please tell me {0} and {1}.",
        "Do you remember {0} and {1}?", "I forgot {0} and {1}.", "Tell me {0}, and {1}.",
        "Do you still know {0}, and {1}?",
    ])
    frame = frame.replace("{0}", one.fill(first)).replace("{1}", two.fill(second))
    return frame
