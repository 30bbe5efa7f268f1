"""Tool calls: choose the right tool, copy the arguments, read the response, or call nothing.

Half of the tools are the ones that people show tool calling with, half are put together from words
that may never have been seen, so that names, parameters and values must be copied and matched, not
remembered. The form of calls and answers is fixed: arguments in the order of the schema, values as
the user wrote them, answers of one pattern.
"""

import re

from ..sample import Sample, calls, contains
from . import about, basics, memory, words
from .common import maybe_system, small_talk
from .tools_build import Offer, lower_first
from .tools_classic import CLASSIC
from .tools_invented import act, fetch, invent
from .tools_replies import answer_error, error_reply, reply

ABILITY = "tools"

NO_FIT = "Sorry, none of my tools can do that."


# Offers -------------------------------------------------------------------------------------------


def _entry(source):
    return source.pick(CLASSIC) if source.chance(0.45) else invent(source)


def _offers(source, first=(), count=None, barred=()):
    """Tool definitions on offer: the ones given, and others about other things."""
    offers = list(first)
    count = count or source.weighted([(1, 35), (2, 30), (3, 20), (4, 15)])
    if offers and len(offers) < count and _is_fetch(offers[0].entry) and source.chance(0.2):
        # A tool about the same thing that does something else, as delete_note beside get_note.
        offers.append(Offer(source, act(source, offers[0].entry.group)))
    while len(offers) < count:
        entry = _entry(source)
        if entry.group not in barred and not any(_clash(entry, offer.entry) for offer in offers):
            offers.append(Offer(source, entry))
    if len({offer.name for offer in offers}) < len(offers):
        return _offers(source, first, count, barred)
    source.rng.shuffle(offers)
    return offers


def _is_fetch(entry):
    return id(entry) not in _CLASSIC_WORDS and entry.goal == f"the {entry.group}" and entry.params


_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_CLASSIC_WORDS = {id(entry): {entry.group} | {word.lower() for name in entry.names for word in _WORD.findall(name)}
                  for entry in CLASSIC}


def _clash(one, other):
    """Whether a request for the one tool might mean the other."""
    words = [_CLASSIC_WORDS.get(id(entry)) for entry in (one, other)]
    if all(words):
        return one.group == other.group
    return bool((words[0] or set(one.group.split())) & (words[1] or set(other.group.split())))


def _definitions(offers):
    return [offer.definition for offer in offers]


# What the user types ------------------------------------------------------------------------------

_BEFORE = ["Please ", "please ", "Can you ", "Could you ", "Hey, ", "Hi! ", "I want you to ", "Now ", "Could you please ",
           "Would you ", "Using the tool, ", "Use the tool to ", "OK, ", "Hello, please ", "Go ahead and "]
_BEFORE_QUESTION = ["Hey, ", "Hi! ", "hello, ", "Quick question: ", "Tell me, ", "OK, ", "Please tell me: ", "So, ", "Hi there. "]
_BEFORE_ANY = ["Hey, ", "Hi! ", "hello, ", "OK, ", "So, ", "Hi there. "]
_ASKS = re.compile(r"(what|how|which|who|where|when|is|will|does|do)\b", re.I)
_AFTER = [" Thanks!", " Please use the tool.", " Use the tool.", " Use your tools.", " please", " Thank you.", " Use a tool."]


def _dress(source, wish, lower=False):
    """The request as people type it: polite or hasty, with or without its last mark."""
    text, plain = wish.text, not wish.text.endswith(":")
    if source.chance(0.15):
        before = source.pick(_BEFORE if wish.is_command else _BEFORE_QUESTION if _ASKS.match(text) else _BEFORE_ANY)
        text = (before.lower() if lower else before) + lower_first(text)
        if before.lower().startswith(("can", "could", "would")) and text.endswith("."):
            text = text[:-1] + source.pick(["?", "?", "."])
    elif source.chance(0.06):
        text = lower_first(text)
    roll = source.number(1, 100)
    if roll <= 18 and plain:
        return text.rstrip(".?! ")
    if roll <= 25 and text[-1] in ".?!":
        return text + source.pick(_AFTER)
    return text


def _request(source, offer):
    """A wish, and the words the user types for it."""
    lower = source.chance(0.08)
    wish = offer.wish(source, lower)
    return wish, _dress(source, wish, lower)


# Messages -----------------------------------------------------------------------------------------


def _user(text):
    return {"role": "user", "content": text}


def _tool(text):
    return {"role": "tool", "content": text}


def _assistant(content, think, reasoning, wishes=()):
    message = {"role": "assistant", "content": content}
    if think:
        message["reasoning_content"] = reasoning
    if wishes:
        message["tool_calls"] = [wish.call for wish in wishes]
    return message


def _wants(wish):
    return f"The user wants {wish.offer.entry.goal}."


def _call(think, wish):
    return _assistant("", think, f"{_wants(wish)} {wish.reasoning()}", [wish])


def _answer(think, text):
    return _assistant(text, think, "The tool answered. I tell the user.")


def _check_calls(*wishes):
    return calls(*((wish.name, wish.arguments) for wish in wishes))


def _history(source, offers):
    """Now and then one or two earlier exchanges: small talk, or a whole call."""
    messages = []
    while source.chance(source.earlier) and len(messages) < 10:
        if source.chance(0.25):
            prompt, answer = small_talk(source)
            messages += [_user(prompt), _assistant(answer, False, "")]
        else:
            wish, text = _request(source, source.pick(offers))
            response, answer, _ = reply(source, wish)
            messages += [_user(text), _call(False, wish), _tool(response), _answer(False, answer)]
    return messages


def _sample(source, think, offers, turns, check):
    messages = maybe_system(source) + _history(source, offers) + turns
    return Sample(ABILITY, messages, check, _definitions(offers), think)


# Kinds --------------------------------------------------------------------------------------------


def single(source, think):
    """One call."""
    offer = Offer(source, _entry(source))
    offers = _offers(source, [offer])
    wish, text = _request(source, offer)
    return _sample(source, think, offers, [_user(text), _call(think, wish)], _check_calls(wish))


def siblings(source, think):
    """Two invented tools about one thing: the verb decides."""
    make = source.pick([act, fetch])
    thing = make(source).group
    pair = [Offer(source, make(source, thing)), Offer(source, act(source, thing))]
    if len({offer.name.lower() for offer in pair}) < 2 or pair[0].entry.goal == pair[1].entry.goal:
        return siblings(source, think)
    offers = _offers(source, pair, source.pick([2, 2, 3]))
    wish, text = _request(source, source.pick(pair))
    return _sample(source, think, offers, [_user(text), _call(think, wish)], _check_calls(wish))


_MORE = [" And ", " Also, ", " And also ", " ", " And ", " Plus, "]


_REPEATED = ["city", "person", "full_name", "company", "word", "thing", "code", "date", "time", "email", "path", "file", "url",
             "country", "topic", "colour", "language", "ticker", "int", "number", "count", "year", "amount", "few"]


def _same_tool(source):
    """The same tool for two or three values: "the weather in Lima and Cusco"."""
    while True:
        offer = Offer(source, _entry(source))
        simple = [ask for ask in offer.entry.asks if "'{" not in ask and "({" not in ask]
        needed = [param for param in offer.params if not param.tails]
        if simple and len(needed) == 1 and needed[0] is offer.params[0] and needed[0].kind in _REPEATED:
            break
    template = source.pick(simple)
    key = needed[0].key
    count = 3 if source.chance(0.12) else 2
    wishes = []
    for _ in range(50):
        if len(wishes) == count:
            break
        wish = offer.wish(source, template=template)
        if not wishes or wish.arguments.keys() == wishes[0].arguments.keys():
            if len(wish.arguments) == 1 and "," not in wish.spoken[key] and wish.arguments not in [w.arguments for w in wishes]:
                wishes.append(wish)
    if len(wishes) < count:
        # A parameter with hardly any values: another tool.
        return _same_tool(source)
    spoken = [wish.spoken[key] for wish in wishes]
    last = source.pick([" and ", " and ", " and ", " and in "]) if "in {" + key + "}" in template else " and "
    slot = "{" + key + "}"
    return offer, wishes, template.replace(slot, ", ".join(spoken[:-1]) + last + spoken[-1])


def twice(source, think):
    """Two calls of one tool in one turn."""
    if source.chance(0.55):
        offer, wishes, text = _same_tool(source)
        if source.chance(0.2):
            text = text.rstrip(".?")
    else:
        offer = Offer(source, _entry(source))
        while not offer.params:
            offer = Offer(source, _entry(source))
        wishes = [offer.wish(source), offer.wish(source)]
        if wishes[0].arguments == wishes[1].arguments or not all(wish.arguments for wish in wishes):
            return twice(source, think)
        text = _together(source, *wishes)
    offers = _offers(source, [offer])
    facts = " Then ".join(" ".join(wish.facts()) for wish in wishes)
    reasoning = f"{_wants(wishes[0])} The tool {offer.name} fits. {facts}"
    return _parallel(source, think, offers, wishes, text, reasoning)


def _together(source, first, second):
    """Two wishes at once, in two sentences or in one."""
    if first.is_command and second.is_command and not first.text.endswith("?") and source.chance(0.5) \
            and first.text.endswith("."):
        return first.text[:-1] + " and " + lower_first(second.text)
    more = source.pick(_MORE)
    return _ended(first.text) + more + (second.text if more == " " else lower_first(second.text))


def _ended(text):
    return text if text[-1] in ".?!" else text + "."


def both(source, think):
    """Calls of two different tools in one turn."""
    offers = _offers(source, count=source.weighted([(2, 5), (3, 3), (4, 1)]))
    pair = source.some(offers, 2)
    wishes = [offer.wish(source) for offer in pair]
    text = _together(source, *wishes)
    reasoning = f"{_wants(wishes[0])} {wishes[0].reasoning()} The user also wants {pair[1].entry.goal}. " \
                f"{wishes[1].reasoning()}"
    return _parallel(source, think, offers, wishes, text, reasoning)


def _parallel(source, think, offers, wishes, text, reasoning):
    """Calls at once; now and then with the responses and the answer."""
    turns = [_user(text), _assistant("", think, reasoning, wishes)]
    if source.chance(0.75):
        return _sample(source, think, offers, turns, _check_calls(*wishes))
    answers, parts = [], []
    for wish in wishes:
        response, answer, part = reply(source, wish)
        turns.append(_tool(response))
        answers.append(answer)
        parts += part
    turns.append(_assistant(" ".join(answers), think, "The tools answered. I tell the user."))
    return _sample(source, think, offers, turns, contains(*parts))


def answered(source, think):
    """Call, response, answer."""
    offer = Offer(source, _entry(source))
    while offer.entry.reply is None and source.chance(0.6):
        offer = Offer(source, _entry(source))
    offers = _offers(source, [offer])
    wish, text = _request(source, offer)
    response, answer, parts = reply(source, wish)
    turns = [_user(text), _call(think, wish), _tool(response), _answer(think, answer)]
    return _sample(source, think, offers, turns, contains(*parts, never=("<tool_call>",)))


def failed(source, think):
    """Call, error, and saying so."""
    offer = Offer(source, _entry(source))
    offers = _offers(source, [offer])
    wish, text = _request(source, offer)
    response, error = error_reply(source, wish)
    turns = [_user(text), _call(think, wish), _tool(response),
             _assistant(answer_error(error), think, "The tool failed. I tell the user.")]
    return _sample(source, think, offers, turns, contains("error", error, never=("<tool_call>",)))


def chain(source, think):
    """Two wishes one after the other: call, response, second call, response, answer."""
    offers = _offers(source, count=source.weighted([(1, 2), (2, 5), (3, 3), (4, 1)]))
    pair = source.some(offers, 2) if len(offers) > 1 else offers * 2
    first, second = (offer.wish(source) for offer in pair)
    if first.call == second.call:
        return chain(source, think)
    response, answer, parts = reply(source, first)
    again = _assistant("", think, f"The first wish is done. The user also wants {pair[1].entry.goal}. {second.reasoning()}",
                       [second])
    turns = [_user(_in_turn(source, first, second)), _call(think, first), _tool(response), again]
    if source.chance(0.5):
        return _sample(source, think, offers, turns, _check_calls(second))
    response, last_answer, more = reply(source, second)
    turns += [_tool(response), _assistant(f"{answer} {last_answer}", think, "The tools answered. I tell the user.")]
    return _sample(source, think, offers, turns, contains(*parts, *more, never=("<tool_call>",)))


def _in_turn(source, first, second):
    """Two wishes with an order: always with a "then" or "after that", never with a mere "and"."""
    one, two = first.text, second.text
    if first.is_command and second.is_command and one.endswith(".") and source.chance(0.6):
        joint = source.pick([", then ", " and then ", ", and then ", " first, then ", ", after that "])
        one = "First, " + lower_first(one) if source.chance(0.3) else one
        return one[:-1] + joint + lower_first(two)
    joint = source.pick([" Then ", " After that, ", " And then ", " When that is done: ", " Next, then: "])
    return source.pick(["", "", "", "First: "]) + _ended(one) + joint + lower_first(two)


def no_fit(source, think):
    """A request that no offered tool can do."""
    wanted = _entry(source)
    while wanted.group in _OWN or wanted.goal.startswith("to use"):
        wanted = _entry(source)
    wish, text = _request(source, Offer(source, wanted))
    related = [group for groups in _RELATED if wanted.group in groups for group in groups]
    offers = [offer for offer in _offers(source, [wish.offer], source.weighted([(2, 4), (3, 3), (4, 2)]),
                                         barred=["search", "query", "wiki", "news", *related]) if offer is not wish.offer]
    if any(_clash(offer.entry, wanted) for offer in offers):
        return no_fit(source, think)
    text = text.replace(" Use the tool.", "").replace(" Please use the tool.", "").replace(" Use your tools.", "")
    turns = [_user(text), _assistant(NO_FIT, think, f"{_wants(wish)} No tool fits.")]
    return _sample(source, think, offers, turns, contains("none of my tools", never=("<tool_call>",)))


# What the model answers by itself, so it is no request for the sentence above.
_OWN = {"add", "subtract", "multiply", "divide", "calculator", "sum_list", "average", "percent", "joke",
        "structured_joke", "word_count", "sqrt", "capital", "colour", "greeting", "translate"}
# Tools that one could use for what the model answers by itself.
_HELPERS = {"now", "time", "search", "wiki", "query", "news", "random", "translate", "agenda", "user", "read",
            "write", "run", "length", "fibonacci"}
# Groups near enough to one another that one could do the other's work.
_RELATED = [("time", "now"), ("email", "message"), ("call", "message"), ("reminder", "alarm", "timer", "event", "todo"),
            ("convert", "rate", "length"), ("read", "write", "delete", "list_files", "run"), ("event", "agenda"),
            ("order", "delivery"), ("customer", "user"), ("todo", "shopping"), ("light", "heating"),
            ("flight", "hotel", "distance"), ("dice", "random", "coin"), ("joke", "structured_joke")]


def own(source, think):
    """A request that the model answers by itself, with tools on offer that have nothing to do with it."""
    while True:
        sample = source.pick([about, basics, memory, words]).make(source, think)
        if not sample.tools and sum(len(message["content"]) for message in sample.messages) < 700:
            break
    sample.ability = ABILITY
    sample.tools = _definitions(_offers(source, barred=_OWN | _HELPERS))
    return sample


def talk(source, think):
    """Small talk with tools on offer: a plain answer."""
    offers = _offers(source)
    prompt, answer = small_talk(source)
    turns = [_user(prompt), _assistant(answer, think, "The user makes small talk. No tool is needed.")]
    messages = maybe_system(source)
    if source.chance(0.5):
        wish, text = _request(source, source.pick(offers))
        response, told, _ = reply(source, wish)
        messages += [_user(text), _call(False, wish), _tool(response), _answer(False, told)]
    return Sample(ABILITY, messages + turns, contains(answer, never=("<tool_call>",)), _definitions(offers), think)


KINDS = [(single, 42), (siblings, 5), (twice, 9), (both, 6), (answered, 15), (failed, 4), (chain, 6),
         (no_fit, 9), (talk, 4), (own, 4)]


def make(source, think):
    return source.weighted(KINDS)(source, think)
