"""Teaches memory: facts told earlier in a conversation are given back when asked for.

A fact is told by the user (or a system prompt) in many wordings; some turns later it is asked for
in many wordings; the answer is one canonical sentence with the value copied. What makes it hard, and
is therefore part of it: other facts of the same kind of value, facts told twice with different
values, facts never told, several people with the same attribute, "my name" against "your name",
small talk in between, and long texts around the fact.
"""

from ..sample import Sample, contains
from .common import (ANIMALS, CITIES, COLOURS, FOODS, GIVEN_NAMES, JOBS, OBJECTS, WHO_AM_I, WHO_ARE_YOU, city,
                     given_name, maybe_system, polish, simple_question, small_talk)
from .memory_data import (DAYS, ENDED, EVERYTHING, FILLER, IS_IT, PEOPLE, PLACE_WORDS, UPDATE)
from .memory_facts import (ABOUT_THE_USER, KINDS, Fact, acknowledge, article, ask, ask_two, capital,
                           some_facts,
                           state)

ABILITY = "memory"


# Conversations ---------------------------------------------------------------------------------


def _distract(source, kept):
    """One exchange that has nothing to do with the facts that will be asked for."""
    roll = source.number(1, 10)
    if roll <= 5:
        return small_talk(source)
    if roll <= 8:
        return simple_question(source)
    if roll == 9:
        return polish(source, source.pick(WHO_ARE_YOU)), WHO_AM_I
    while True:
        fact = Fact(source, source.weighted(KINDS))
        clash = fact.value in " ".join(f.value for f in kept) or any(f.value in fact.value for f in kept)
        if not clash and not any(fact.is_like(f) for f in kept) and fact.kind not in ("code", "detail",
            "name"):
            return state(source, [fact]), acknowledge([fact])


def _exchange(messages, prompt, answer):
    messages += [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]


def _finish(messages, prompt, answer, check, think, reason):
    # "Li" cannot be forbidden where the answer says "lives".
    check["never"] = [n for n in check["never"] if n.lower() not in answer.lower()]
    final = {"role": "assistant", "content": answer}
    if think:
        final["reasoning_content"] = reason
    messages += [{"role": "user", "content": prompt}, final]
    return Sample(ABILITY, messages, check, think=think)


def _reason(fact):
    wanted = fact.fill(fact.texts["unknown"])
    wanted = wanted.replace("your ", "the user's ").replace("you ", "the user ")
    wanted = wanted.replace("the user live", "the user lives").replace("the user come", "the user comes")
    return f"The user asks for {wanted}. " if not wanted.startswith("wh") else f"The user asks {wanted}. "


def _recall_reason(fact):
    return _reason(fact) + f"I was told: {fact.value}."


def _between(source, messages, kept, most=6):
    for _ in range(source.weighted([(0, 4), (1, 3), (2, 2), (source.number(2, most), 2)])):
        _exchange(messages, *_distract(source, kept))


def _others(fact, facts):
    return [f.value for f in facts if f is not fact and not f.value.isdigit() and len(f.value) > 2]


def _recall(source, think):
    """Facts are told in one or several turns; one is asked for."""
    messages = maybe_system(source)
    facts = some_facts(source, source.weighted([(1, 5), (2, 4), (3, 2), (4, 1)]))
    if source.chance(0.15):
        _exchange(messages, *small_talk(source))
    left = list(facts)
    while left:
        told, left = (left, []) if source.chance(0.5) else (left[:1], left[1:])
        _exchange(messages, state(source, told), acknowledge(told))
        if left and source.chance(0.4):
            _exchange(messages, *_distract(source, facts))
    _between(source, messages, facts)
    fact = source.pick(facts)
    if len(facts) > 1 and source.chance(0.3):
        first = source.pick([f for f in facts if f is not fact])
        _exchange(messages, ask(source, first), first.answer())
    return _finish(messages, ask(source, fact), fact.answer(),
                   contains(fact.value, never=_others(fact, facts)), think, _recall_reason(fact))


def _recall_two(source, think):
    """Two facts are asked for at once."""
    messages = maybe_system(source)
    facts = some_facts(source, source.number(2, 3))
    _exchange(messages, state(source, facts), acknowledge(facts))
    _between(source, messages, facts, most=3)
    one, two = source.some(facts, 2)
    return _finish(messages, ask_two(source, one, two), f"{one.answer()} {two.answer()}",
                   contains(one.value, two.value), think,
                   f"{_recall_reason(one)} {_recall_reason(two)}")


def _recall_all(source, think):
    """All that was told is asked for; it comes back in the order it was told."""
    messages = maybe_system(source)
    count = source.weighted([(0, 1), (1, 3), (2, 4), (3, 3)])
    facts = []
    while len(facts) < count:
        fact = Fact(source, source.pick(ABOUT_THE_USER))
        if not any(fact.kind == f.kind or _overlap(fact.value, f.value) for f in facts):
            facts.append(fact)
    if facts and source.chance(0.5):
        _exchange(messages, state(source, facts), acknowledge(facts))
    else:
        for fact in facts:
            _exchange(messages, state(source, [fact]), acknowledge([fact]))
    for _ in range(source.number(0, 2)):
        _exchange(messages, *small_talk(source))
    answer = " ".join(f.answer() for f in facts) or "You have not told me anything about you."
    check = contains(*[f.value for f in facts]) if facts else contains("not told")
    return _finish(messages, polish(source, source.pick(EVERYTHING)), answer, check, think,
                   f"The user asks for all I was told. I was told {len(facts) or 'no'} facts.")


def _is_it(source, think):
    """A fact is to be confirmed or put right."""
    messages = maybe_system(source)
    facts = some_facts(source, source.number(0, 2))
    kind = source.pick(list(IS_IT))
    facts = [f for f in facts if f.kind != kind]
    fact = Fact(source, kind)
    told = facts + [fact] if source.chance(0.5) else [fact] + facts
    _exchange(messages, state(source, told), acknowledge(told))
    _between(source, messages, told, most=2)
    right = source.chance(0.5)
    asked = fact if right else fact.changed(source)
    word = "Yes" if right else "No"
    return _finish(messages, asked.fill(polish(source, source.pick(IS_IT[kind]))), f"{word}. {fact.answer()}",
                   contains(f"{word}.", fact.value), think,
                   f"The user asks about {asked.value}. I was told: {fact.value}.")


def _at_once(source, think):
    """The facts and the question are in one message."""
    facts = some_facts(source, source.weighted([(1, 3), (2, 3), (3, 2), (4, 1), (5, 1)]))
    fact = source.pick(facts)
    told = state(source, facts, ENDED)
    if source.chance(0.3):
        told += " " + _filler(source, source.number(1, 4))
    mark = source.pick([" ", " ", "\n", "\n\n"])
    return _finish(maybe_system(source), told + mark + ask(source, fact), fact.answer(),
                   contains(fact.value, never=_others(fact, facts)), think, _recall_reason(fact))


def _acknowledged(source, think):
    """The answer is the acknowledgement itself."""
    messages = maybe_system(source)
    facts = some_facts(source, source.weighted([(1, 4), (2, 1)]))
    answer = acknowledge(facts)
    wanted = [f.value for f in facts if f.value in answer] or ["remember"]
    return _finish(messages, state(source, facts), answer, contains(*wanted), think,
                   "The user tells me something. I will remember it.")


def _updated(source, think):
    """A fact is told, then changed; the last value counts."""
    messages = maybe_system(source)
    facts = some_facts(source, source.weighted([(1, 3), (2, 2)]))
    old, new = facts[0], facts[0].changed(source)
    while any(new.value in f.value or f.value in new.value for f in facts):
        new = old.changed(source)
    _exchange(messages, state(source, facts), acknowledge(facts))
    _between(source, messages, facts + [new], most=3)
    _exchange(messages, state(source, [new], UPDATE), acknowledge([new]))
    _between(source, messages, facts + [new], most=3)
    reason = _reason(new) + f"First I was told: {old.value}. Then I was told: {new.value}."
    return _finish(messages, ask(source, new), new.answer(), contains(new.value, never=[old.value]),
                   think, reason)


def _never_told(source, think):
    """What was not told is not known, though other things were."""
    messages = maybe_system(source)
    facts = some_facts(source, source.weighted([(1, 2), (2, 4), (3, 2)]))
    wanted, told = facts[0], facts[1:]
    if told:
        _exchange(messages, state(source, told), acknowledge(told))
    if told or source.chance(0.6):
        _between(source, messages, facts, most=3)
    return _finish(messages, ask(source, wanted), wanted.unknown(),
                   contains("not told", never=_others(wanted, facts)), think,
                   _reason(wanted) + "I was not told.")


def _from_system(source, think):
    """The system prompt tells about the user."""
    facts = some_facts(source, source.weighted([(1, 3), (2, 3), (3, 2), (4, 1)]))
    told = facts[1:] if len(facts) > 1 and source.chance(0.1) else facts
    sentences = []
    for fact in told:
        sentence = fact.fill(source.pick(fact.texts["told"]))
        if sentences and source.chance(0.3):
            sentence = sentence.replace("The user's", source.pick(["His", "Her"]), 1)
            sentence = sentence.replace("The user", source.pick(["He", "She"]), 1)
        sentences.append(capital(sentence) + ".")
    lead = source.pick(["", "", "You are a helpful assistant. ", "You are Chasqui. ",
                        "Here is what you know. ",
                        "You know this about the user: ", "Facts: ", "Context: ", "Be brief. "])
    messages = [{"role": "system", "content": lead + source.pick([" ", " ", "\n"]).join(sentences)}]
    _between(source, messages, facts, most=3)
    fact = source.pick(facts)
    if fact not in told:
        return _finish(messages, ask(source, fact), fact.unknown(),
                       contains("not told", never=_others(fact, facts)), think,
                       _reason(fact) + "I was not told.")
    return _finish(messages, ask(source, fact), fact.answer(),
                   contains(fact.value, never=_others(fact, facts)), think, _recall_reason(fact))


def _mine_and_yours(source, think):
    """"Your name" is the model's, "my name" the user's."""
    messages = maybe_system(source)
    facts = some_facts(source, source.number(0, 2))
    if not any(f.kind == "name" for f in facts):
        facts.append(Fact(source, "name"))
    _exchange(messages, state(source, facts), acknowledge(facts))
    _between(source, messages, facts, most=2)
    who = polish(source, source.pick(WHO_ARE_YOU))
    if source.chance(0.4):
        fact = facts[-1]
        _exchange(messages, who, WHO_AM_I)
        return _finish(messages, ask(source, fact), fact.answer(), contains(fact.value, never=["Chasqui"]),
                       think, _recall_reason(fact))
    return _finish(messages, who, WHO_AM_I, contains("Chasqui", never=_others(None, facts)), think,
                   "The user asks who I am. I am Chasqui.")


# Several people --------------------------------------------------------------------------------


def _attribute(source, kind):
    if kind == "likes":
        return source.word(FOODS) if source.chance(0.5) else source.pick(COLOURS)
    if kind in ("lives", "from"):
        return city(source)
    if kind == "age":
        return str(source.number(3, 98))
    return source.word(JOBS) if kind == "job" else source.word(OBJECTS + ANIMALS)


def _people(source, think):
    """Several people, one attribute or two; one person is asked about, or the person is."""
    count = source.weighted([(2, 4), (3, 4), (4, 2), (5, 1)])
    kinds = source.some(list(PEOPLE), 2) if source.chance(0.3) else [source.pick(list(PEOPLE))]
    rows = []  # (person, kind, value)
    while len(rows) < count:
        person, kind = given_name(source), source.pick(kinds)
        value = _attribute(source, kind)
        if not any(_overlap(person, p) or _overlap(value, v) for p, _, v in rows):
            rows.append((person, kind, value))
    person, kind, value = source.pick(rows)
    fill = lambda text, row: text.format(n=row[0], v=row[2], a=article(row[2]))
    # Two people's lines are often of one wording.
    same = source.number(0, 2) if source.chance(0.7) else None
    clauses = [fill(PEOPLE[row[1]]["say"][source.number(0, 2) if same is None else same],
                    row) for row in rows]
    told = _join_people(source, clauses)
    by_value = source.chance(0.3)
    question = fill(polish(source, source.pick(PEOPLE[kind]["who" if by_value else "ask"])), (person, kind,
        value))
    answer = capital(fill(PEOPLE[kind]["answer"], (person, kind, value)))
    never = [p for p, _, _ in rows if p != person]
    if not by_value:
        never += [v for _, _, v in rows if v != value and not v.isdigit()]
    check = contains(person, value, never=never)
    reason = f"The user asks about {value if by_value else person}. I was told: {answer}"
    messages = maybe_system(source)
    if source.chance(0.5):
        lead = "" if told.startswith("-") else source.pick(["", "", "", "Remember: ", "Listen: ",
            "Here are some facts. ", "Note this. "])
        mark = "\n" if told.startswith("-") else source.pick([" ", " ", "\n", "\n\n"])
        return _finish(messages, lead + told + mark + question, answer, check, think, reason)
    if source.chance(0.5):
        _exchange(messages, told, "I will remember that.")
    else:
        for clause in clauses:
            _exchange(messages, source.pick(["{}.", "{}", "Remember that {}.", "And {}.",
                "Also, {}."]).format(clause),
                      f"I will remember that {clause}.")
    for _ in range(source.weighted([(0, 4), (1, 2), (2, 1)])):
        _exchange(messages, *small_talk(source))
    return _finish(messages, question, answer, check, think, reason)


def _overlap(one, two):
    return one.lower() in two.lower() or two.lower() in one.lower()


def _join_people(source, clauses):
    if source.chance(0.4):
        return ". ".join(clauses) + "."
    if source.chance(0.3):
        return "\n".join("- " + c for c in clauses)
    return ", ".join(clauses[:-1]) + source.pick([" and ", ", and ", ", "]) + clauses[-1] + "."


# Long texts ------------------------------------------------------------------------------------


def _filler(source, count):
    """Sentences about nothing, with names and things that are not asked for."""
    sentences = []
    for _ in range(count):
        x, y = (source.word(ANIMALS) for _ in range(2))
        p, q = source.some(PLACE_WORDS, 2)
        f, g = (source.word(FOODS) for _ in range(2))
        m, k = (source.word(GIVEN_NAMES) for _ in range(2))
        sentences.append(source.pick(FILLER).format(
            o=source.word(OBJECTS), p=p, q=q, x=x, y=y, f=f, g=g, m=m, k=k, c=source.word(CITIES),
            n=source.number(2, 99), day=source.pick(DAYS)))
    return " ".join(sentences)


def _needle(source, think):
    """A fact near the beginning of a long conversation, or somewhere in a long text."""
    messages = maybe_system(source)
    facts = some_facts(source, source.number(1, 2))
    fact = facts[0]
    if source.chance(0.5):
        _exchange(messages, state(source, facts), acknowledge(facts))
        for _ in range(source.number(8, 18)):
            _exchange(messages, *_distract(source, facts))
        prompt = ask(source, fact)
    else:
        total = source.weighted([(source.number(5, 20), 5), (source.number(20, 60), 3), (source.number(60,
            150), 1)])
        before = source.number(0, total)
        prompt = " ".join([_filler(source, before), state(source, facts, ["{S}."]),
                           _filler(source, total - before)]).strip()
        if source.chance(0.4):
            _exchange(messages, prompt, acknowledge(facts))
            prompt = ask(source, fact)
        else:
            prompt += source.pick([" ", "\n", "\n\n"]) + ask(source, fact)
    return _finish(messages, prompt, fact.answer(), contains(fact.value, never=_others(fact, facts)),
                   think, _recall_reason(fact))


_SUB_KINDS = [(_recall, 38), (_recall_two, 6), (_recall_all, 4), (_is_it, 4), (_at_once, 9), (_acknowledged,
    4), (_updated, 8),
              (_never_told, 7), (_from_system, 8), (_mine_and_yours, 5), (_people, 11), (_needle, 5)]


def make(source, think):
    return source.weighted(_SUB_KINDS)(source, think)
