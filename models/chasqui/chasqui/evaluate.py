"""Asks a server the held-out prompts, greedily, and prints the share of right answers.

    quipu serve --model chasqui=models/chasqui/chasqui.gguf &
    python -m chasqui.evaluate --url http://127.0.0.1:11434 --model chasqui

Prompts are rendered here by the model's own template and sent raw, so that the model is judged and
not a server's parsers. `--write FILE` writes conversations, and how their answers are judged, instead of asking:

    python -m chasqui.evaluate --write ../../tests/data/chasqui.jsonl --count 4
"""

import argparse
import concurrent.futures
import json
import sys
import urllib.request

from . import render
from .corpus import ABILITIES, held_out, lengthen
from .judge import judge, judge_thinking, split_thinking
from .source import TEST, Source

LONGEST = 900
# Characters of a prompt that fills most of the context of 4,096 tokens.
_FAR = 12_000
# Facts told at the beginning of such a prompt, asked for at its end.
FAR = "memory, far"


def question(sample):
    """A held-out sample as plain data: its prompt, what was asked, and how to judge the answer."""
    return {
        "ability": sample.ability,
        "think": sample.think,
        "prompt": render.prompt(sample.messages[:-1], sample.tools, sample.think),
        "messages": sample.messages[:-1],
        "tools": sample.tools,
        "check": sample.check,
        "answer": render.answer(sample.messages[-1]).removesuffix("<|im_end|>"),
    }


def ask(url, model, prompt):
    body = {
        "model": model,
        "prompt": prompt,
        "raw": True,
        "stream": False,
        "options": {"temperature": 0, "num_predict": LONGEST, "num_ctx": 4096},
    }
    request = urllib.request.Request(
        f"{url}/api/generate", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=600) as response:
        return json.load(response)


def right(asked, reply):
    text = reply["response"]
    _, rest = split_thinking(text)
    ended = reply["done_reason"] == "stop"
    # With thinking off the empty block stands in the prompt.
    return judge_thinking(asked["think"], text) and judge(
        asked["check"], rest, reply["eval_count"], ended
    )


def far(sample):
    """The sample with so many exchanges between the facts and the question that the context is almost full."""
    source = Source(f"far {sample.messages[-1]['content']}", TEST)
    while len(render.prompt(sample.messages[:-1], sample.tools)) < _FAR:
        sample = lengthen(sample, source, 2)
    return sample


def samples(ability, think, count):
    if ability == FAR:
        return [far(s) for s in held_out("memory", think, count)]
    return held_out(ability, think, count)


def evaluate(arguments, ability, think):
    """`(right answers, questions)`; prints the failures when asked to."""
    questions = [question(s) for s in samples(ability, think, arguments.count)]
    with concurrent.futures.ThreadPoolExecutor(arguments.concurrency) as pool:
        replies = list(pool.map(lambda q: ask(arguments.url, arguments.model, q["prompt"]), questions))
    good = 0
    for asked, reply in zip(questions, replies):
        if right(asked, reply):
            good += 1
        elif arguments.failures:
            print(json.dumps({"said": reply["response"], **asked}, ensure_ascii=False), file=sys.stderr)
    return good, len(questions)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default="http://127.0.0.1:11434")
    parser.add_argument("--model", default="chasqui")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--abilities", nargs="*", default=[*ABILITIES, FAR])
    parser.add_argument("--failures", action="store_true", help="print wrong answers on stderr")
    parser.add_argument("--write", help="write the conversations to this file and ask nothing")
    arguments = parser.parse_args()
    if arguments.write:
        with open(arguments.write, "w") as file:
            for ability in arguments.abilities:
                for think in (False, True):
                    for sample in samples(ability, think, arguments.count):
                        asked = question(sample)
                        del asked["prompt"], asked["answer"]
                        file.write(json.dumps(asked, ensure_ascii=False) + "\n")
        return
    print("| ability | thinking off | thinking on |\n|---|---|---|")
    for ability in arguments.abilities:
        shares = [evaluate(arguments, ability, think) for think in (False, True)]
        cells = [f"{100 * good / count:.1f} % of {count}" for good, count in shares]
        print(f"| {ability} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
