"""A sample: a conversation, what the model should say next, and how an answer is judged."""

from dataclasses import dataclass, field


@dataclass
class Sample:
    """One conversation that ends with what the model is to learn.

    `messages` is a list of OpenAI-style messages. Roles and fields:

        {"role": "system" | "user", "content": str}
        {"role": "assistant", "content": str,
         "reasoning_content": str,                     # optional, only in the last exchange
         "tool_calls": [{"function": {"name": str, "arguments": dict}}]}   # optional
        {"role": "tool", "content": str}

    The last message is the assistant's, and it is what `check` judges. When an answer follows a
    tool call, the call and the tool's response stand before it.

    `tools` are OpenAI-style: {"type": "function", "function": {"name", "description",
    "parameters": <JSON schema of an object>}}.

    `think` says whether thinking is on: then the last assistant message (and only messages after
    the last user message) carry `reasoning_content`; when it is off none do.
    """

    ability: str
    messages: list
    check: dict
    tools: list = field(default_factory=list)
    think: bool = False


# The checks. Plain data, so that a held-out set is a file that any language can judge.


def exact(text):
    """The answer is this text, but for white space at its ends."""
    return {"kind": "exact", "text": text}


def contains(*parts, never=()):
    """The answer has all these parts and none of those, whatever the case of letters."""
    return {"kind": "contains", "parts": list(parts), "never": list(never)}


def calls(*wanted):
    """The answer is these tool calls, in any order: `(name, arguments)` pairs."""
    return {"kind": "calls", "calls": [{"name": n, "arguments": a} for n, a in wanted]}


def json_value(value):
    """The answer is JSON and nothing else, and its value is this one."""
    return {"kind": "json", "value": value}


def upper(*parts):
    """The answer has no lower-case letter, and has these parts."""
    return {"kind": "upper", "parts": list(parts)}


def story(*parts, min_tokens=300):
    """The answer is that long, ends by itself, does not loop, and has these parts."""
    return {"kind": "story", "parts": list(parts), "min_tokens": min_tokens}
