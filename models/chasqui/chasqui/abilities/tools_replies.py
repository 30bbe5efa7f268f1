"""What tools respond, and the one right way to tell it to the user.

- A sentence is told as it stands.
- A bare value becomes "The weather in Lima is 22 C."
- A JSON object becomes "The temperature is 22 and the sky is clear."
- "ok" and its like become "Done."
"""

import json

from .tools_build import show
from .tools_values import join, value

DONE = "Done."
_DONE_TEXTS = ["ok", "OK", "done", "Done", "success", "true", '{"status": "ok"}', '{"ok": true}', '{"success": true}',
               '{"status": "success"}', '{"result": "ok"}', '{"status": "done"}', "Success", "Done."]
_DONE_SENTENCES = ["It is done.", "Your request was saved.", "The {} was accepted.", "The {} is ready.", "All is set.",
                   "The {} is done.", "The {} worked.", "We did it."]
# Further keys of JSON responses, and the kinds of their values.
_KEYS = [("id", "code"), ("status", "word"), ("count", "int"), ("price", "amount"), ("date", "date"), ("time", "time"),
         ("name", "person"), ("city", "city"), ("unit", "word"), ("humidity", "percent"), ("wind", "count"),
         ("color", "colour"), ("owner", "person"), ("total", "int"), ("code", "code"), ("note", "thing"),
         ("items", "things"), ("wind_speed", "number"), ("order_id", "code"), ("last_update", "date")]


def tell(fields):
    """The answer that a JSON object becomes."""
    parts = [f"the {key.replace('_', ' ')} {'are' if isinstance(given, list) else 'is'} {show(given)}"
             for key, given in fields.items()]
    text = join(parts)
    return text[:1].upper() + text[1:] + "."


def _essential(given):
    return [show(item) for item in given] if isinstance(given, list) else [show(given)]


def reply(source, wish):
    """A response of the tool: its text, the answer that tells it, and what the answer must contain."""
    make = wish.offer.entry.reply
    if make is None:
        return _deed(source, wish)
    result = make(source, wish.values)
    sentence = isinstance(result, str) and result.endswith(".")
    form = source.weighted([("bare", 5), ("json", 4), ("sentence", 2)])
    if sentence and form != "json":
        return result, result, [result.rstrip(".")]
    told = f"{wish.subject()} is {show(result)}."
    if form == "sentence":
        return told, told, _essential(result)
    if form == "bare":
        return json.dumps(result) if not isinstance(result, str) else result, told, _essential(result)
    fields = _with_more(source, {source.pick(wish.offer.entry.keys): result.rstrip(".") if sentence else result})
    return _json(source, fields), tell(fields), [part for given in fields.values() for part in _essential(given)]


def _with_more(source, fields):
    """Other keys before and after the one that matters."""
    for _ in range(source.weighted([(0, 5), (1, 4), (2, 2)])):
        key, kind = source.pick(_KEYS) if source.chance(0.85) else (source.made_up(), "int")
        if key not in fields:
            more = {key: value(kind, source)[1]}
            fields = {**more, **fields} if source.chance(0.3) else {**fields, **more}
    return fields


def _json(source, fields):
    if source.chance(0.15):
        return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
    return json.dumps(fields, ensure_ascii=False)


def _deed(source, wish):
    """The response of a tool that just does something."""
    roll = source.number(1, 10)
    if roll <= 5:
        return source.pick(_DONE_TEXTS), DONE, ["done"]
    if roll <= 7:
        text = source.pick(_DONE_SENTENCES).replace("{}", wish.offer.entry.group.replace("_", " "))
        return text, text, [text.rstrip(".")]
    key, kind = source.pick([("id", "code"), ("status", "word"), ("number", "int"), ("code", "code"), ("ticket", "code")])
    fields = _with_more(source, {key: value(kind, source)[1]})
    return _json(source, fields), tell(fields), [part for given in fields.values() for part in _essential(given)]


_ERRORS = ["city not found", "timeout", "connection refused", "invalid input", "permission denied", "not available",
           "unknown {}", "missing required argument '{}'", "the {} is wrong", "service unavailable", "no data for {}",
           "rate limit exceeded", "file not found", "{} not found", "internal server error", "{} failed", "no access to {}",
           "invalid {}", "the {} is closed", "network down", "API key is missing", "bad request", "404 {}", "code {}"]


def error_reply(source, wish):
    """A response that reports an error: its text, and the error."""
    filler = source.pick([lambda: source.made_up(), lambda: value("code", source)[0], lambda: value("word", source)[0],
                          lambda: source.pick(list(wish.arguments)) if wish.arguments else source.made_up()])()
    error = source.pick(_ERRORS).replace("{}", filler)
    form = source.pick(["Error: {}", "Error: {}.", "error: {}", "ERROR: {}", '{"error": "{}"}', "Exception: {}",
                        '{"status": "error", "message": "{}"}', "Tool error: {}", "ValueError: {}", "Failed: {}"])
    return form.replace("{}", error), error


def answer_error(error):
    return f"The tool reported an error: {error}."
