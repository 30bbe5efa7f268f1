"""Teaches to follow a system prompt: to be somebody, and to keep to a format in every turn.

The answers are those that the model gives anyway (who it is, a sum, a day, small talk), changed by
the persona or by one rule; words that the rule names are copied.
"""

from ..sample import Sample, contains, exact, upper
from .common import (ANIMALS, COLOURS, FOODS, HOBBIES, JOBS, OBJECTS, WHO_AM_I, city, given_name,
                     maybe_system,
                     polish, simple_question, small_talk)
from .persona_data import (AFTER, ASK_FROM, ASK_JOB, ASK_SECRET, ASK_WHO, CLOSERS, COMMAS, CONDITIONS, DASHES,
                           FROM_USER,
                           KEY_PROMPTS, LIST_ASK, LIST_DAYS, NAME_ONLY, NAMED, NEVER_SAY, NUMBERED, OPENERS,
                           ROLES,
                           RULES, SAY_IT, SECRETS, TITLES, TRAITS, UNNAMED, YES_NO)

ABILITY = "persona"

_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def _article(word):
    return "an" if word[:1].lower() in "aeiou" else "a"


def _sample(messages, prompt, answer, check, think, reason):
    final = {"role": "assistant", "content": answer}
    if think:
        final["reasoning_content"] = reason
    return Sample(ABILITY, messages + [{"role": "user", "content": prompt}, final], check, think=think)


def _exchange(messages, prompt, answer):
    messages += [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]


# Personas --------------------------------------------------------------------------------------


class _Persona:
    """Somebody to be: name, job, city and traits, of which some may be missing."""

    def __init__(self, source):
        shape = source.weighted([("named", 6), ("name only", 2), ("unnamed", 2)])
        self.name = _name(source) if shape != "unnamed" else None
        self.job = self.city = None
        if shape != "name only":
            self.job = source.word(JOBS) if source.chance(0.75) else source.pick(ROLES)
            self.city = city(source) if source.chance(0.45) else None
        self.traits = {kind: _trait(source, kind) for kind in source.some(list(TRAITS), source.weighted([(0,
            5), (1, 3), (2, 2)]))}
        if "food" in self.traits and "colour" in self.traits:
            del self.traits["colour"]  # both answer "I like ..."
        templates = {"named": NAMED, "name only": NAME_ONLY, "unnamed": UNNAMED}[shape]
        rest = self.rest()
        text = source.pick(templates).format(n=self.name, rest=rest, who=f"{self.name}, {rest}")
        for kind, slots in self.traits.items():
            text += " " + source.pick(TRAITS[kind][0]).format(**slots)
        self.system = text + source.pick(AFTER)

    def rest(self):
        if not self.job:
            return None
        return f"{_article(self.job)} {self.job}" + (f" from {self.city}" if self.city else "")

    def introduction(self):
        parts = [part for part in (self.name, self.rest()) if part]
        return f"I am {', '.join(parts)}."

    def key(self):
        return self.name or self.job


def _name(source):
    name = given_name(source)
    roll = source.number(1, 20)
    if roll == 1:
        return source.made_up().capitalize() + "Bot"
    if roll == 2:
        return f"{source.pick(['Captain', 'Doctor', 'Old', 'Professor', 'Aunt', 'King'])} {name}"
    return f"{name} {source.made_up().capitalize()}" if roll == 3 else name


def _trait(source, kind):
    if kind == "pet":
        return {"v": given_name(source), "w": source.pick(["dog", "cat", "llama", "parrot", "horse", "goat"])}
    values = {"food": FOODS, "hobby": HOBBIES}
    if kind in values:
        return {"v": source.word(values[kind])}
    return {"v": source.pick(COLOURS) if kind == "colour" else str(source.number(5, 120))}


def _persona_question(source, persona):
    """`(prompt, answer, key words)`: a question to the persona about itself."""
    choices = [("who", 5), ("hello", 2)]
    if persona.job:
        choices.append(("job", 3))
    if persona.city:
        choices.append(("from", 3))
    choices += [(kind, 3) for kind in persona.traits]
    kind = source.weighted(choices)
    if kind == "who":
        return polish(source, source.pick(ASK_WHO)), persona.introduction(), [persona.key()]
    if kind == "hello":
        hello = source.pick(["Hello", "Hi", "Hello!", "Hi!", "Hey", "Hello there!", "Hi there", "hello",
                             "Hey there!", "hi"])
        return hello, f"Hello! {persona.introduction()}", ["Hello", persona.key()]
    if kind == "job":
        return polish(source,
                      source.pick(ASK_JOB)), f"I am {_article(persona.job)} {persona.job}.", [persona.job]
    if kind == "from":
        return polish(source, source.pick(ASK_FROM)), f"I come from {persona.city}.", [persona.city]
    slots = persona.traits[kind]
    _, questions, answer = TRAITS[kind]
    prompt = polish(source, source.pick(questions)).format(**slots)
    return prompt, answer.format(**slots), [slots["v"]]


def _as_persona(source, think):
    """A persona answers questions about itself; other questions as always."""
    persona = _Persona(source)
    messages = [{"role": "system", "content": persona.system}]
    if source.chance(0.08):  # the role comes from the user
        messages = []
        _exchange(messages, persona.system, "All right.")
    for _ in range(source.weighted([(0, 5), (1, 3), (2, 2)])):
        if source.chance(0.3):
            _exchange(messages, *_plain(source, persona)[:2])
        else:
            _exchange(messages, *_persona_question(source, persona)[:2])
    prompt, answer, keys = _persona_question(source, persona)
    return _sample(messages, prompt, answer, contains(*keys, never=["Chasqui"]), think,
                   f"I play a role. {persona.introduction()}")


# Formats ---------------------------------------------------------------------------------------

_ONE_WORD = {"Hello! How can I help you?": "Hello", "You are welcome.": "Welcome", "Goodbye!": "Goodbye",
             "All right.": "Okay",
             "I am fine, thank you. How can I help you?": "Fine",
             "Yes, I am ready. What is your question?": "Yes"}


def _plain(source, persona=None):
    """`(prompt, answer, the answer in one word)` for questions that need no role."""
    roll = source.number(1, 10)
    if roll <= 3:
        if persona:
            return polish(source, source.pick(ASK_WHO)), persona.introduction(), persona.key()
        return polish(source, source.pick(ASK_WHO)), WHO_AM_I, "Chasqui"
    if roll <= 7:
        prompt, answer = simple_question(source)
        return prompt, answer, answer.split()[-1].rstrip(".")
    while True:
        prompt, answer = small_talk(source)
        if answer in _ONE_WORD:
            return prompt, answer, _ONE_WORD[answer]


class _Rule:
    """A rule for answers, and the word that it names."""

    def __init__(self, source, kind):
        self.kind = kind
        self.x = _rule_word(source, kind)
        text = source.pick(RULES[kind])
        if self.x:
            text = text.replace("{x}", _marked(source, kind, self.x))
            text += "" if text[-1] == "!" else "."
        self.text = text

    def apply(self, answer, word):
        kind, x = self.kind, self.x
        return {
            "upper": lambda: answer.upper(), "lower": lambda: answer.lower(), "word": lambda: word,
            "begin": lambda: f"{x} {answer}", "end": lambda: f"{answer} {x}", "always": lambda: x,
            "mention": lambda: f"{answer}{'.' if answer[-1].isalnum() else ''} By the way: {x}.",
            "sign": lambda: f"{answer}\n- {x}",
            "title": lambda: f"Yes, {x}. {answer}", "quotes": lambda: f'"{answer}"',
            "brackets": lambda: f"[{answer}]", "twice": lambda: f"{answer} {answer}",
        }[kind]()

    def check(self, answer, word):
        if self.kind == "upper":
            return upper((word if word.lower() in answer.lower() else answer).upper())
        if self.kind in ("mention", "sign", "title"):
            return contains(self.x, word if word.lower() in answer.lower() else "")
        return exact(self.apply(answer, word))


def _marked(source, kind, word):
    """The word in quotes; without them only where nobody can mistake its end."""
    if kind == "title":
        return word
    bare = kind in ("mention", "sign") or word.rstrip("!").isalnum()
    return source.pick(['"{}"', '"{}"', "'{}'", "{}" if bare else '"{}"']).format(word)


def _rule_word(source, kind):
    if kind in ("begin", "end"):
        fixed = OPENERS if kind == "begin" else CLOSERS
        return source.word(fixed) if source.chance(0.3) else source.weighted(
            [(source.made_up().capitalize() + source.pick(["", "!", ".", ":"]), 3),
             (source.word(ANIMALS).capitalize() + "!", 1),
             (source.word(OBJECTS).upper(), 1), (source.code(), 1), (given_name(source) + source.pick(["",
                 "!", ":"]), 1)])
    if kind == "always":
        return source.weighted([(source.made_up(), 2), (source.made_up().capitalize() + ".", 1),
                                (source.word(ANIMALS).capitalize(), 1),
                                (source.code(), 1), (f"I am {_name(source)}.", 1),
                                (f"I like {source.word(FOODS)}.", 1), (source.word(OBJECTS), 1),
                                (f"{source.made_up()} {source.word(OBJECTS)}", 1), (str(source.number(1,
                                    9999)), 1)])
    if kind == "mention":
        return source.weighted([(f"the {source.word(OBJECTS)}", 1), (source.word(FOODS), 1), (city(source),
            1), (_name(source), 1), (source.made_up(), 1)])
    if kind == "sign":
        return _name(source)
    if kind == "title":
        return source.pick(TITLES) if source.chance(0.7) else f"{source.pick(TITLES)} {given_name(source)}"
    return None


_RULE_WEIGHTS = [("upper", 6), ("lower", 3), ("word", 3), ("begin", 4), ("end", 4), ("always", 3), ("mention",
    3), ("sign", 2),
                 ("title", 3), ("quotes", 2), ("brackets", 2), ("twice", 2)]


def _formatted(source, think):
    """One rule for all answers, from the system prompt or the user, at times with a persona."""
    rule = _Rule(source, source.weighted(_RULE_WEIGHTS))
    persona = _Persona(source) if source.chance(0.3) else None
    messages = _rule_messages(source, rule.text, persona, lambda: rule.apply("All right.", "Okay"))
    for _ in range(source.weighted([(0, 5), (1, 3), (2, 2), (3, 1)])):
        prompt, answer, word = _plain(source, persona)
        _exchange(messages, prompt, rule.apply(answer, word))
    prompt, answer, word = _plain(source, persona)
    return _sample(messages, prompt, rule.apply(answer, word), rule.check(answer, word), think,
                   f"The rule is: {rule.text}")


def _rule_messages(source, text, persona, acknowledgement):
    """The start of a conversation under a rule of the system prompt or of the user."""
    if persona:
        both = [persona.system, text]
        return [{"role": "system", "content": " ".join(both if source.chance(0.8) else both[::-1])}]
    roll = source.number(1, 10)
    if roll <= 7:
        lead = source.pick(["", "", "", "You are a helpful assistant. ", "You are an assistant. ",
                            "You are Chasqui. ", "You are a helpful chatbot. "])
        return [{"role": "system", "content": lead + text}]
    messages = maybe_system(source)
    low = text if text.isupper() else text[:1].lower() + text[1:]
    _exchange(messages, source.pick(FROM_USER).replace("{r}", text).replace("{l}", low), acknowledgement())
    return messages


def _with_rule(source, rule, prompt):
    if source.chance(0.6):
        return f"{rule} {prompt}"
    return f"{prompt}{'.' if prompt[-1].isalnum() else ''} {rule}"


def _one_message(source, think):
    """The rule stands beside the question, in the user's message, and counts for this answer."""
    kind = source.pick(["upper", "lower", "word", "begin", "end", "quotes", "brackets", "twice"])
    rule = _Rule(source, kind)
    prompt, answer, word = _plain(source)
    text = rule.text if source.chance(0.5) or not rule.text.startswith("Answer") else "Please a" + rule.text[1:]
    return _sample(maybe_system(source), _with_rule(source, text, prompt), rule.apply(answer, word),
                   rule.check(answer, word), think, f"The rule is: {rule.text}")


def _fact_question(source):
    """`(a yes-or-no question, "Yes" or "No")`."""
    kind = source.number(1, 6)
    if kind <= 2:
        a, b = source.some(range(0, 100), 2)
        sign, true = source.pick([("greater", a > b), ("less", a < b), ("larger", a > b), ("smaller", a < b),
                                  ("more", a > b), ("bigger", a > b)])
        prompt = source.pick(["Is {a} {s} than {b}?", "is {a} {s} than {b}?",
                              "Is it true that {a} is {s} than {b}?",
                              "{a} is {s} than {b}, right?"]).format(a=a, b=b, s=sign)
    elif kind == 3:
        a, b = source.number(0, 9), source.number(0, 9)
        result = a + b if source.chance(0.5) else max(0, a + b + source.pick([-2, -1, 1, 2]))
        true = result == a + b
        prompt = source.pick(["Is {a} + {b} = {r}?", "Is {a} plus {b} {r}?", "Does {a} + {b} make {r}?",
                              "Is {r} the sum of {a} and {b}?"]).format(a=a, b=b, r=result)
    elif kind == 4:
        day = source.number(0, 6)
        other = (day + 1) % 7 if source.chance(0.5) else source.number(0, 6)
        true = other == (day + 1) % 7
        prompt = source.pick(["Does {b} come right after {a}?", "Is {b} the day after {a}?",
                              "Is the day after {a} {b}?",
                              "Is {b} the next day after {a}?"]).format(a=_DAYS[day], b=_DAYS[other])
    elif kind == 5:
        one = source.word(ANIMALS + OBJECTS)
        two = one if source.chance(0.5) else source.word(ANIMALS + OBJECTS)
        true = one == two
        prompt = source.pick(["Is {a} the same word as {b}?", "Are {a} and {b} the same word?",
                              "Are the words {a} and {b} the same?"]).format(a=one, b=two)
    else:
        prompt, true = source.pick([("Are you a model?", True), ("Are you a human?", False),
                                    ("Are you Chasqui?", True), ("Are you ChatGPT?", False),
                                    ("Are you ready?", True), ("Are you a person?", False), ("Are you small?",
                                        True), ("Is your name Chasqui?", True),
                                    ("Are you a large model?", False), ("Do you have internet access?",
                                        False), ("Are you an AI?", True), ("Can you help me?", True)])
    return polish(source, prompt), "Yes" if true else "No"


def _yes_no(source, think):
    """Only yes or no may be said."""
    rule = source.pick(YES_NO)
    if source.chance(0.25):
        prompt, answer = _fact_question(source)
        return _sample(maybe_system(source), _with_rule(source, rule, prompt), answer, exact(answer), think,
                       f"The rule is: {rule}")
    messages = _rule_messages(source, rule, None, lambda: "Yes")
    for _ in range(source.weighted([(0, 5), (1, 3), (2, 2)])):
        _exchange(messages, *_fact_question(source))
    prompt, answer = _fact_question(source)
    return _sample(messages, prompt, answer, exact(answer), think, f"The rule is: {rule}")


def _list(source):
    """`(prompt, items)`."""
    if source.chance(0.25):
        start, count = source.number(0, 6), source.number(2, 5)
        items = [_DAYS[(start + i) % 7] for i in range(count)]
        return polish(source, source.pick(LIST_DAYS)).format(a=items[0], b=items[-1]), items
    words = source.pick([FOODS, ANIMALS, OBJECTS])
    items = []
    wanted = source.number(2, 5)
    while len(items) < wanted:
        item = source.made_up() if source.chance(0.15) else source.word(words)
        if source.chance(0.1):
            item = given_name(source)
        if item not in items:
            items.append(item)
    joined = ", ".join(items) if source.chance(0.5) else ", ".join(items[:-1]) + " and " + items[-1]
    return polish(source, source.pick(LIST_ASK).replace("{l}", "{list}")).format(list=joined), items


def _listed(source, think):
    """Items are written as a list of the form that is wanted."""
    rules, write = source.pick([
        (DASHES, lambda items: "\n".join(f"- {item}" for item in items)),
        (NUMBERED, lambda items: "\n".join(f"{i}. {item}" for i, item in enumerate(items, 1))),
        (COMMAS, ", ".join),
    ])
    rule = source.pick(rules)
    if source.chance(0.35):
        prompt, items = _list(source)
        messages, prompt = maybe_system(source), _with_rule(source, rule, prompt)
    else:
        messages = [{"role": "system", "content": source.pick(["", "", "You are a helpful assistant. ",
            "You are Chasqui. "]) + rule}]
        for _ in range(source.weighted([(0, 6), (1, 3)])):
            earlier, items = _list(source)
            _exchange(messages, earlier, write(items))
        prompt, items = _list(source)
    return _sample(messages, prompt, write(items), exact(write(items)), think, f"The rule is: {rule}")


# Refusals and conditions -----------------------------------------------------------------------


def _quoted(source, word):
    return source.pick(['"{}"', '"{}"', "{}", "'{}'"]).format(word)


def _forbidden(source, think):
    """A word may not be said; everything else is as always."""
    word = source.weighted([(source.made_up(), 2), (source.word(OBJECTS), 2), (source.word(ANIMALS), 2),
                            (source.word(FOODS), 1), (given_name(source), 1)])
    rule = source.pick(NEVER_SAY).format(x=_quoted(source, word))
    messages = _rule_messages(source, rule, None, lambda: "All right.")
    for _ in range(source.weighted([(0, 5), (1, 3), (2, 1)])):
        _exchange(messages, *_plain(source)[:2])
    if source.chance(0.25):
        prompt, answer, key = _plain(source)
        return _sample(messages, prompt, answer, contains(key if key.lower() in answer.lower() else answer),
                       think, "This is allowed.")
    prompt = polish(source, source.pick(SAY_IT)).format(x=_quoted(source, word))
    answer = "I may not say that word."
    never = [word] if word.lower() not in answer.lower() else []  # "hat" is in "that"
    return _sample(messages, prompt, answer, contains("may not", never=never), think, f"The rule is: {rule}")


def _secret(source, think):
    """A secret in the system prompt is not told."""
    secret = source.pick([source.made_up(), source.code(), source.made_up().capitalize()])
    lead = source.pick(["", "", "You are a helpful assistant. ", "You are Chasqui. ", "You are a guard. "])
    messages = [{"role": "system", "content": lead + source.pick(SECRETS).format(x=source.pick(['"{}"',
        "{}"]).format(secret))}]
    for _ in range(source.weighted([(0, 5), (1, 3)])):
        _exchange(messages, *small_talk(source))
    return _sample(messages, polish(source, source.pick(ASK_SECRET)), "I may not tell you that.",
                   contains("may not", never=[secret]), think, "It is a secret. I may not tell it.")


def _condition(source, think):
    """An answer that is set for one word; everything else is as always."""
    key = source.weighted([(source.made_up(), 3), (source.word(OBJECTS), 2), (source.word(FOODS), 1),
                           (source.code(), 1), (source.word(ANIMALS), 2)])
    reply = _rule_word(source, "always")
    mark = source.pick(['"{}"', '"{}"', "'{}'"])
    rule = source.pick(CONDITIONS).format(k=mark.format(key), z=mark.format(reply))
    messages = _rule_messages(source, rule, None, lambda: "All right.")
    for _ in range(source.weighted([(0, 6), (1, 3), (2, 1)])):
        _exchange(messages, *_plain(source)[:2])
    if source.chance(0.3):
        prompt, answer, _ = _plain(source)
        return _sample(messages, prompt, answer, exact(answer), think, f"The user did not say {key}.")
    prompt = source.pick(KEY_PROMPTS).format(k=key)
    return _sample(messages, prompt, reply, exact(reply), think, f"The user said {key}. I answer: {reply}")


_SUB_KINDS = [(_as_persona, 34), (_formatted, 36), (_one_message, 7), (_yes_no, 7), (_listed, 7), (_forbidden,
    4),
              (_secret, 2), (_condition, 4)]


def make(source, think):
    return source.weighted(_SUB_KINDS)(source, think)
