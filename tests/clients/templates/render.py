"""Renders the chat templates of known families as `transformers` does: what tests/templates.rs compares with.

    python tests/clients/templates/render.py tests/data/templates > tests/data/templates/golden.json

Needs `transformers` and `jinja2`. Dates are left as
their format between U+0001 and U+0002.
"""

import json
import sys
from pathlib import Path

from jinja2.exceptions import TemplateError
from transformers.utils import chat_template_utils

CASES = Path(__file__).parents[2] / "data/templates/cases.json"


def compile_template(source):
    template = chat_template_utils._compile_jinja_template(source)
    template.environment.globals["strftime_now"] = lambda format: f"\x01{format}\x02"
    return template


def render(template, case):
    think = {"enable_thinking": case["think"]} if "think" in case else {}
    try:
        text = template.render(
            messages=case["messages"],
            tools=case.get("tools"),
            documents=None,
            add_generation_prompt=True,
            bos_token="<bos>",
            eos_token="<eos>",
            **think,
        )
    except (TemplateError, TypeError, ValueError, AttributeError, KeyError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"text": text}


def main():
    cases = json.loads(CASES.read_text())
    golden = {}
    for path in sorted(Path(sys.argv[1]).glob("*.jinja")):
        template = compile_template(path.read_text())
        golden[path.name] = {name: render(template, case) for name, case in cases.items()}
    json.dump(golden, sys.stdout, ensure_ascii=False, indent=1)
    print()


main()
