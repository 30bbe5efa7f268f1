"""From a sample to text: the prompt as the chat template writes it, and what the model is to say.

The template is the one that goes into the GGUF, so training sees exactly the prompts that a server
renders. It is run once for each assistant turn that is trained on:

    prompt = template(messages before the turn)  +  <|im_start|>assistant\n  [+ an empty think block]
    answer = [<think> ... </think>]  content  [<tool_call> ... </tool_call>]  <|im_end|>

With thinking off the template itself writes the empty block, as Qwen3 does; with thinking on the
model writes a filled one.
"""

import json
from functools import lru_cache
from pathlib import Path

import jinja2

TEMPLATE = (Path(__file__).parent / "template.jinja").read_text().rstrip("\n")


@lru_cache
def _template():
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    return environment.from_string(TEMPLATE)


def prompt(messages, tools=(), think=False, generate=True):
    """The text before an answer; `generate` adds the opening of the assistant's turn."""
    return _template().render(
        messages=messages,
        tools=list(tools) or None,
        enable_thinking=think,
        add_generation_prompt=generate,
    )


def answer(message):
    """What the model says for an assistant message, its thinking included."""
    text = ""
    if message.get("reasoning_content"):
        text += f"<think>\n{message['reasoning_content']}\n</think>\n\n"
    text += message["content"]
    for index, call in enumerate(message.get("tool_calls", ())):
        function = call["function"]
        arguments = json.dumps(function["arguments"], ensure_ascii=False)
        text += "\n" if index or message["content"] else ""
        text += f'<tool_call>\n{{"name": "{function["name"]}", "arguments": {arguments}}}\n</tool_call>'
    return text + "<|im_end|>"


# What a piece of a training text is.
PROMPT, EARLIER, ANSWER = "prompt", "earlier answer", "answer"


def training_texts(sample):
    """The training texts of a sample, each a list of pieces `(text, PROMPT | EARLIER | ANSWER)`.

    The turns after the last user message are answers to learn. Earlier ones stand in the prompt
    without the think block that they were made with, so all of them can be learned but how they
    open: whether to think is not to be learned there. With thinking off each turn of a chain (call,
    response, answer) is a text of its own for the same reason.
    """
    texts, done = [[]], ""
    last_query = max(i for i, m in enumerate(sample.messages) if m["role"] == "user")
    for index in range(last_query + 1, len(sample.messages)):
        message = sample.messages[index]
        if message["role"] != "assistant":
            continue
        before = prompt(sample.messages[:index], sample.tools, sample.think)
        if not before.startswith(done):
            texts.append([])
            done = ""
        said = answer(message)
        texts[-1] += [*_pieces(before[len(done):]), (said, ANSWER)]
        done = before + said
    return texts


_OPENING = "<|im_start|>assistant\n"


def _pieces(text):
    """A prompt, its earlier answers apart."""
    first, *rest = text.split(_OPENING)
    pieces, before = [], first
    for part in rest:
        said, end, after = part.partition("<|im_end|>")
        # The last opening, and one that the template itself goes on with, belongs to the prompt.
        if not end:
            before += _OPENING + part
            continue
        pieces += [(before + _OPENING, PROMPT), (said + end, EARLIER)]
        before = after
    return pieces + [(before, PROMPT)]
