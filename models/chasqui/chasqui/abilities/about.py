"""Teaches what Chasqui is, and what Quipu's commands, settings, routes and words mean.

Each fact has one canonical sentence; what varies is the question: by the term ("What does quipu ps
do?"), by what the user wants ("How do I see the loaded models?"), or in words of its own.
"""

from ..sample import Sample, contains
from .about_data import ARTICLES, CONCEPT, FACTS, HOW, KIND_WORDS, NAMES, OWN, WHAT, WHICH
from .common import maybe_system, polish, small_talk

ABILITY = "about"

_WITH_TASKS = [fact for fact in FACTS if fact[4]]
_KINDS = [("command", 8), ("flag", 3), ("env", 4), ("route", 5), ("instruction", 3), ("option", 4),
          ("field", 3), ("concept", 6)]
_BY_KIND = {kind: [fact for fact in FACTS if fact[0] == kind] for kind, _ in _KINDS}
_ARTICLE_OF = {term: article for article, terms in ARTICLES.items() for term in terms}


def _polished(source, phrasing, term):
    """The phrasing with the term filled in; terms keep their case, but for lower-case typists."""
    text = polish(source, phrasing).replace("{t}", term)
    return text


def _by_term(source):
    """A question that names the term."""
    kind, term, keys, answer, _ = source.pick(_BY_KIND[source.weighted(_KINDS)])
    if kind == "concept":
        phrasing = source.pick(CONCEPT).replace("{the}", _ARTICLE_OF.get(term, "") + "{t}")
    else:
        phrasing = source.pick(WHAT).replace("{t}", source.pick(NAMES[kind]))
    if source.chance(0.08) and kind in ("concept", "env", "instruction"):
        term = term.lower()
    prompt = _polished(source, phrasing, term)
    if phrasing[0] in "{`" or source.chance(0.5):
        return prompt, answer, keys, term
    return prompt[:1].upper() + prompt[1:], answer, keys, term


def _by_task(source):
    """A question that says what the user wants to do."""
    kind, term, keys, answer, tasks = source.pick(_WITH_TASKS)
    if source.chance(0.35):
        phrasing = source.pick(WHICH).replace("{k}", source.pick(KIND_WORDS[kind]))
    else:
        phrasing = source.pick(HOW)
    return polish(source, phrasing.replace("{task}", source.pick(tasks))), answer, keys, term


def _by_own_words(source):
    """A question about Chasqui or about Quipu as a whole."""
    topic, keys, answer, questions = source.pick(OWN)
    return polish(source, source.pick(questions)), answer, keys, topic


_SUB_KINDS = [(_by_own_words, 4), (_by_task, 5), (_by_term, 5)]


def make(source, think):
    return _conversation(source, think, source.weighted(_SUB_KINDS))


def _conversation(source, think, last):
    """Up to two earlier exchanges, then a question of the kind."""
    messages = maybe_system(source)
    for _ in range(source.weighted([(0, 7), (1, 2), (2, 1)])):
        if source.chance(0.5):
            prompt, answer = small_talk(source)
        else:
            prompt, answer, _, _ = source.weighted(_SUB_KINDS)(source)
        messages += [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
    prompt, answer, keys, topic = last(source)
    final = {"role": "assistant", "content": answer}
    if think:
        final["reasoning_content"] = f"The user asks about {topic}. I know this."
    return Sample(ABILITY, messages + [{"role": "user", "content": prompt}, final], contains(*keys),
                  think=think)
