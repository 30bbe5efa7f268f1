"""Every method of Ollama's own client, blocking and asynchronous, against the server at QUIPU_URL."""

import asyncio
import json
import math
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

import pytest
from ollama import AsyncClient, Client, Message, Options, ResponseError
from pydantic import BaseModel, Field

MODEL = "chasqui"
EXACT = {"temperature": 0, "num_predict": 400}
WEATHER = [{"role": "user", "content": "What is the weather in Cusco?"}]
SUM = [{"role": "user", "content": "What is 4 + 5?"}]


class Pet(BaseModel):
    kind: Literal["cat", "dog"]
    age: int = Field(ge=0, le=99)


class Person(BaseModel):
    """Has bounds, since so small a model does not always find the end of a text."""

    name: str = Field(max_length=20)
    pets: list[Pet] = Field(max_length=2)


class Blocking:
    """An AsyncClient whose methods wait, and whose streams are lists."""

    def __init__(self, host: str):
        self.loop = asyncio.new_event_loop()
        self.client = AsyncClient(host=host)

    def __getattr__(self, name):
        async def call(*arguments, **named):
            answer = await getattr(self.client, name)(*arguments, **named)
            return [part async for part in answer] if hasattr(answer, "__aiter__") else answer

        return lambda *arguments, **named: self.loop.run_until_complete(call(*arguments, **named))


@pytest.fixture(params=[Client, Blocking], ids=["Client", "AsyncClient"], scope="module")
def client(request):
    return request.param(host=os.environ["QUIPU_URL"])


@pytest.fixture
def copy_of_the_model(client):
    """A second name, which a test may do anything to."""
    name = f"copy-{type(client).__name__.lower()}:test"
    client.copy(MODEL, name)
    yield name
    if name in names(client):
        client.delete(name)


def names(client):
    return [model.model for model in client.list().models]


def get_weather(city: str) -> str:
    """Get the weather in a city.

    Args:
        city: The city
    """
    return json.dumps({"city": city, "temperature": 17})


def refused(status: int, call, *arguments, **named) -> str:
    """What the server says when it refuses. Streams are read."""
    with pytest.raises(ResponseError) as caught:
        answer = call(*arguments, **named)
        if not isinstance(answer, (BaseModel, list)):
            list(answer)
    assert caught.value.status_code == status
    return caught.value.error


def test_list(client):
    model = next(model for model in client.list().models if model.model == f"{MODEL}:latest")
    assert model.size > 1_000_000 and len(model.digest) == 64
    assert model.modified_at <= datetime.now(timezone.utc)
    assert (model.details.format, model.details.family) == ("gguf", "qwen3")


def test_show(client):
    shown = client.show(MODEL)
    assert shown.capabilities == ["completion", "tools", "thinking"]
    assert shown.modelinfo["general.architecture"] == "qwen3"
    assert shown.modelinfo["qwen3.context_length"] >= 1024
    assert "FROM " in shown.modelfile and shown.template and shown.modified_at
    assert refused(404, client.show, "nothing") == "model 'nothing' not found"


def test_ps(client):
    client.generate(MODEL, "", keep_alive="10m")
    loaded = client.ps().models
    assert [model.model for model in loaded] == [f"{MODEL}:latest"]
    assert loaded[0].expires_at > datetime.now(timezone.utc) and loaded[0].size > 0
    assert loaded[0].context_length > 0


def test_generate(client):
    asked = {"prompt": "What is 4 + 5?", "options": Options(**EXACT)}
    whole = client.generate(MODEL, **asked)
    assert "9" in whole.response and whole.thinking and whole.done_reason == "stop"
    assert whole.eval_count > 0 and whole.prompt_eval_count > 0 and whole.total_duration > 0
    parts = list(client.generate(MODEL, stream=True, **asked))
    assert "".join(part.response for part in parts) == whole.response
    assert "".join(part.thinking or "" for part in parts) == whole.thinking
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    plain = client.generate(MODEL, think=False, **asked)
    assert plain.thinking is None and "9" in plain.response
    more = client.generate(MODEL, "And 1 + 2?", context=plain.context, think=False, options=EXACT)
    assert more.prompt_eval_count > len(plain.context)


def test_generate_parameters(client):
    raw = client.generate(
        MODEL,
        "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n",
        raw=True,
        options={"temperature": 0, "num_predict": 3},
    )
    assert (raw.context, raw.eval_count, raw.done_reason) == (None, 3, "length")
    told = client.generate(
        MODEL, "Who are you?", system="You are a pirate.", think=False, options=EXACT
    )
    assert told.response
    listed = client.generate(
        MODEL, "Hello", think=False, logprobs=True, top_logprobs=2, options=EXACT
    )
    assert all(len(token.top_logprobs) == 2 and token.logprob <= 0 for token in listed.logprobs)
    formed = client.generate(MODEL, "Ana is 31.", format=Person.model_json_schema(), think=False)
    Person.model_validate_json(formed.response)


def test_load_and_unload(client, copy_of_the_model):
    loaded = client.generate(copy_of_the_model)
    assert (loaded.response, loaded.done_reason) == ("", "load")
    unloaded = client.chat(copy_of_the_model, keep_alive=0)
    assert (unloaded.message.content, unloaded.done_reason) == ("", "unload")
    assert copy_of_the_model not in [model.model for model in client.ps().models]


def test_chat(client):
    whole = client.chat(MODEL, SUM, options=EXACT)
    assert whole.message.role == "assistant"
    assert "9" in whole.message.content and whole.message.thinking
    parts = list(client.chat(MODEL, SUM, stream=True, options=EXACT))
    assert "".join(part.message.content for part in parts) == whole.message.content
    assert "".join(part.message.thinking or "" for part in parts) == whole.message.thinking
    assert parts[-1].done and parts[-1].eval_count == whole.eval_count


@pytest.mark.parametrize("think", [True, "low", "high"])
def test_chat_thinks(client, think):
    message = client.chat(MODEL, SUM, think=think, options=EXACT).message
    assert message.thinking and "think>" not in message.content


def test_chat_does_not_think(client):
    message = client.chat(MODEL, SUM, think=False, options=EXACT).message
    assert message.thinking is None and "9" in message.content


def test_chat_log_probabilities(client):
    answer = client.chat(
        MODEL, SUM, think=False, logprobs=True, top_logprobs=3, options=EXACT
    )
    assert "".join(token.token for token in answer.logprobs) == answer.message.content
    for token in answer.logprobs:
        likely = [other.logprob for other in token.top_logprobs]
        assert len(likely) == 3 and likely == sorted(likely, reverse=True)


@pytest.mark.parametrize("stream", [False, True])
def test_chat_calls_tools(client, stream):
    asked = {"tools": [get_weather], "think": False, "options": EXACT}
    answer = client.chat(MODEL, WEATHER, stream=stream, **asked)
    parts = list(answer) if stream else [answer]
    calls = [call for part in parts for call in part.message.tool_calls or []]
    assert [call.function.name for call in calls] == ["get_weather"]
    assert calls[0].function.arguments == {"city": "Cusco"}
    said = Message(role="assistant", content="", tool_calls=calls)
    result = Message(
        role="tool", tool_name="get_weather", content=get_weather(**calls[0].function.arguments)
    )
    answer = client.chat(MODEL, [*WEATHER, said, result], **asked)
    assert "17" in answer.message.content and not answer.message.tool_calls


def test_chat_formats(client):
    asked = [{"role": "user", "content": "Extract name and age as JSON: Ana is 31 years old."}]
    answer = client.chat(MODEL, asked, format="json", think=False, options=EXACT)
    assert isinstance(json.loads(answer.message.content), dict)
    schema = Person.model_json_schema()
    answer = client.chat(MODEL, asked, format=schema, think=False, options={"temperature": 0})
    Person.model_validate_json(answer.message.content)
    parts = client.chat(
        MODEL, asked, format=schema, think=False, stream=True, options={"temperature": 0}
    )
    assert "".join(part.message.content for part in parts) == answer.message.content


def test_embed(client):
    both = client.embed(MODEL, ["why is the sky blue?", "why is the grass green?"])
    assert len(both.embeddings) == 2 and both.prompt_eval_count > 2
    for vector in both.embeddings:
        assert math.isclose(math.hypot(*vector), 1, rel_tol=1e-3)
    short = client.embed(MODEL, "why is the sky blue?", dimensions=16, options=Options())
    assert len(short.embeddings[0]) == 16
    refused(
        400, client.embed, MODEL, "one two three four", truncate=False, options={"num_ctx": 2}
    )


def test_embeddings(client):
    width = len(client.embed(MODEL, "hello").embeddings[0])
    assert len(client.embeddings(MODEL, "hello", keep_alive="5m").embedding) == width
    assert client.embeddings(MODEL, "").embedding == []


def test_copy_and_delete(client):
    client.copy(MODEL, "second:one")
    assert "second:one" in names(client)
    assert client.delete("second:one").status == "success"
    assert "second:one" not in names(client)
    assert refused(404, client.delete, "second:one") == "model 'second:one' not found"
    assert refused(404, client.copy, "second:one", "third") == 'model "second:one" not found'
    assert refused(400, client.copy, MODEL, "not/a/valid/name/at/all") != ""


def test_create(client):
    created = client.create(
        "made",
        from_=MODEL,
        system="You are Ilka.",
        parameters={"temperature": 0, "num_predict": 50, "stop": ["!", "?"]},
        messages=[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}],
        license=["free", "as in freedom"],
        template="{{ .System }} {{ .Prompt }}",
    )
    assert created.status == "success"
    shown = client.show("made")
    assert "TEMPLATE {{ .System }} {{ .Prompt }}" in shown.modelfile
    # That of the weights can do more, and makes the prompts.
    assert "<|im_start|>" in shown.template
    assert "stop" in shown.parameters and shown.license.endswith("free\nas in freedom")
    assert 'SYSTEM You are Ilka.' in shown.modelfile
    assert client.generate("made", "Hello").eval_count <= 50
    statuses = [part.status for part in client.create("made", from_=MODEL, stream=True)]
    assert statuses[-2:] == ["writing manifest", "success"]
    client.delete("made")
    refused(400, client.create, "made", from_=MODEL, quantize="q3_none")
    assert refused(400, client.create, "made") == "neither 'from' or 'files' was specified"


def test_create_from_a_file(client):
    file = Path(os.environ["QUIPU_GGUF"])
    digest = client.create_blob(file)
    assert digest.startswith("sha256:") and client.create_blob(file) == digest
    statuses = [
        part.status
        for part in client.create("uploaded", files={file.name: digest}, stream=True)
    ]
    assert statuses[0] == "parsing GGUF" and statuses[-1] == "success"
    assert client.chat("uploaded", SUM, options={"num_predict": 3}).eval_count == 3
    client.delete("uploaded")
    missing = "sha256:" + "0" * 64
    refused(400, client.create, "uploaded", files={"model.gguf": missing})


def test_push_and_pull(client):
    if "QUIPU_REGISTRY" not in os.environ:
        pytest.skip("no registry")
    name = f"{os.environ['QUIPU_REGISTRY']}/{type(client).__name__.lower()}/chasqui:latest"
    client.copy(MODEL, name)
    statuses = [part.status for part in client.push(name, insecure=True, stream=True)]
    assert (statuses[0], statuses[-2:]) == ("retrieving manifest", ["pushing manifest", "success"])
    assert client.push(name, insecure=True).status == "success"
    client.delete(name)
    parts = list(client.pull(name, insecure=True, stream=True))
    assert (parts[0].status, parts[-1].status) == ("pulling manifest", "success")
    weights = max((part for part in parts if part.total), key=lambda part: part.total)
    assert weights.status == f"pulling {weights.digest.removeprefix('sha256:')[:12]}"
    assert client.pull(name, insecure=True).status == "success"
    digests = {model.model: model.digest for model in client.list().models}
    assert digests[name] == digests[f"{MODEL}:latest"]
    client.delete(name)
    missing = f"{os.environ['QUIPU_REGISTRY']}/library/nothing"
    assert "file does not exist" in refused(500, client.pull, missing, insecure=True)
    assert refused(500, client.pull, f"http://{missing}") == "insecure protocol http"


def test_what_is_wrong_has_ollamas_status(client):
    hello = [{"role": "user", "content": "Hello"}]
    for stream in [False, True]:
        for call in [
            lambda: client.chat("nothing", hello, stream=stream),
            lambda: client.generate("nothing", "Hello", stream=stream),
        ]:
            assert refused(404, call) == "model 'nothing' not found"
        said = refused(400, client.chat, MODEL, hello, format={"not": {}}, stream=stream)
        assert '"not"' in said
        refused(400, client.generate, MODEL, "Hello", top_logprobs=21, stream=stream)
    assert refused(404, client.embed, "nothing", "hello") == "model 'nothing' not found"
    # Ollama has no such route either.
    question = {"type": "noul", "instructions": "Is it true?"}
    refused(404, client.systemone, MODEL, "Hello", {"q": question})


def test_a_stream_that_is_left_ends():
    client = Client(host=os.environ["QUIPU_URL"])
    for part in client.generate(MODEL, "Tell me a long story.", stream=True, think=False):
        assert part.response
        break
    assert client.generate(MODEL, "Hello", options={"num_predict": 1}).eval_count == 1
