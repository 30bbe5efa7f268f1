"""Judges an answer by a check of `sample.py`, and whether it thought when it should."""

import json
import re

_CALL = re.compile(r"<tool_call>\s*(.*?)\s*</tool_call>", re.S)
_THINK = re.compile(r"\s*<think>\s*(.*?)\s*</think>\s*", re.S)


def split_thinking(text):
    """`(thinking or None, the rest)`."""
    match = _THINK.match(text)
    return (match.group(1), text[match.end():]) if match else (None, text)


def judge(check, text, tokens=0, ended=True):
    """Whether an answer (without its thinking) is right.

    `tokens` is its length, and `ended` whether the model stopped by itself.
    """
    text = text.strip()
    if not ended:
        return False
    return _KINDS[check["kind"]](check, text, tokens)


def judge_thinking(think, text):
    """Whether there is a filled think block exactly when thinking is on."""
    thinking, rest = split_thinking(text)
    return "think>" not in rest and bool(thinking) == think


def _exact(check, text, _):
    return text == check["text"].strip()


def _contains(check, text, _):
    low = text.lower()
    return all(p.lower() in low for p in check["parts"]) and not any(
        n.lower() in low for n in check["never"]
    )


def _upper(check, text, _):
    return text == text.upper() and all(p.upper() in text for p in check["parts"])


def _json(check, text, _):
    try:
        return _same(json.loads(text), check["value"])
    except ValueError:
        return False


def _calls(check, text, _):
    try:
        found = [json.loads(call) for call in _CALL.findall(text)]
    except ValueError:
        return False
    order = lambda call: json.dumps(call, sort_keys=True)
    wanted = check["calls"]
    return len(found) == len(wanted) and all(
        _same(a, b) for a, b in zip(sorted(found, key=order), sorted(wanted, key=order))
    )


def _same(a, b):
    """JSON equality; unlike Python's, true is not 1."""
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)


def _story(check, text, tokens):
    words = re.findall(r"\w+", text.lower())
    runs = [tuple(words[i:i + 8]) for i in range(len(words) - 7)]
    looping = len(runs) - len(set(runs)) > len(runs) // 20
    return tokens >= check["min_tokens"] and not looping and _contains(
        {"parts": check["parts"], "never": []}, text, tokens
    )


_KINDS = {
    "exact": _exact,
    "contains": _contains,
    "upper": _upper,
    "json": _json,
    "calls": _calls,
    "story": _story,
}
