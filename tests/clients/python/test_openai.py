"""OpenAI's own client, blocking and asynchronous, against the server at QUIPU_URL."""

import asyncio
import json
import math
import os

import openai
import pytest
from pydantic import BaseModel, Field

MODEL = "chasqui"
URL = os.environ["QUIPU_URL"] + "/v1"
SUM = [{"role": "user", "content": "What is 4 + 5?"}]
WEATHER = [{"role": "user", "content": "What is the weather in Cusco?"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "description": "The city"}},
            "required": ["city"],
        },
    },
}
QUIET = {"model": MODEL, "temperature": 0, "reasoning_effort": "none", "max_tokens": 400}


class Person(BaseModel):
    name: str = Field(max_length=20)
    age: int = Field(ge=0, le=120)


@pytest.fixture(scope="module")
def client():
    return openai.OpenAI(base_url=URL, api_key="any", max_retries=0)


def text(chunks) -> str:
    return "".join(
        choice.delta.content or "" for chunk in chunks for choice in chunk.choices
    )


def test_models(client):
    listed = client.models.list()
    assert [model.id for model in listed] == [f"{MODEL}:latest"]
    one = client.models.retrieve(MODEL)
    assert (one.id, one.object, one.owned_by) == (f"{MODEL}:latest", "model", "library")


def test_chat(client):
    whole = client.chat.completions.create(messages=SUM, **QUIET)
    choice = whole.choices[0]
    assert "9" in choice.message.content and choice.finish_reason == "stop"
    usage = whole.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 0
    chunks = list(
        client.chat.completions.create(
            messages=SUM, stream=True, stream_options={"include_usage": True}, **QUIET
        )
    )
    assert text(chunks) == choice.message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens == usage.completion_tokens


def test_chat_thinks(client):
    asked = {**QUIET, "reasoning_effort": "low"}
    whole = client.chat.completions.create(messages=SUM, **asked).choices[0].message
    assert whole.reasoning and "think>" not in whole.content
    chunks = list(client.chat.completions.create(messages=SUM, stream=True, **asked))
    thoughts = [getattr(chunk.choices[0].delta, "reasoning", None) or "" for chunk in chunks]
    assert ("".join(thoughts), text(chunks)) == (whole.reasoning, whole.content)


def test_chat_ends(client):
    asked = {"model": MODEL, "temperature": 0, "reasoning_effort": "none", "messages": SUM}
    cut = client.chat.completions.create(max_completion_tokens=2, **asked)
    assert cut.choices[0].finish_reason == "length" and cut.usage.completion_tokens == 2
    stopped = client.chat.completions.create(stop=["5"], **asked).choices[0]
    assert stopped.finish_reason == "stop" and "5" not in stopped.message.content


def test_chat_log_probabilities(client):
    choice = client.chat.completions.create(
        messages=SUM, logprobs=True, top_logprobs=2, **QUIET
    ).choices[0]
    listed = choice.logprobs.content
    assert "".join(token.token for token in listed) == choice.message.content
    assert all(len(token.top_logprobs) == 2 and token.bytes is not None for token in listed)


def test_tools(client):
    answer = client.chat.completions.create(messages=WEATHER, tools=[TOOL], **QUIET).choices[0]
    assert answer.finish_reason == "tool_calls"
    (call,) = answer.message.tool_calls
    assert (call.type, call.function.name) == ("function", "get_weather")
    assert json.loads(call.function.arguments) == {"city": "Cusco"}
    result = {"role": "tool", "tool_call_id": call.id, "content": '{"temperature": 17}'}
    said = client.chat.completions.create(
        messages=[*WEATHER, answer.message, result], tools=[TOOL], **QUIET
    ).choices[0]
    assert "17" in said.message.content and said.finish_reason == "stop"


def test_tools_are_streamed(client):
    with client.chat.completions.stream(messages=WEATHER, tools=[TOOL], **QUIET) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion().choices[0]
    assert "tool_calls.function.arguments.done" in kinds
    assert final.finish_reason == "tool_calls"
    assert json.loads(final.message.tool_calls[0].function.arguments) == {"city": "Cusco"}


@pytest.mark.parametrize(
    "choice", ["required", {"type": "function", "function": {"name": "get_weather"}}]
)
def test_tools_are_forced(client, choice):
    hello = [{"role": "user", "content": "Good morning!"}]
    answer = client.chat.completions.create(
        messages=hello, tools=[TOOL], tool_choice=choice, parallel_tool_calls=False, **QUIET
    ).choices[0]
    for call in answer.message.tool_calls:
        assert call.function.name == "get_weather"
        assert isinstance(json.loads(call.function.arguments)["city"], str)


def test_no_tools_are_used(client):
    answer = client.chat.completions.create(
        messages=WEATHER, tools=[TOOL], tool_choice="none", **QUIET
    ).choices[0]
    assert answer.message.tool_calls is None and answer.message.content


def test_structured_output(client):
    asked = [{"role": "user", "content": "Ana is 31 years old."}]
    parsed = client.chat.completions.parse(messages=asked, response_format=Person, **QUIET)
    whole = parsed.choices[0].message.parsed
    assert isinstance(whole, Person)
    with client.chat.completions.stream(
        messages=asked, response_format=Person, **QUIET
    ) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.parsed == whole
    tool = openai.pydantic_function_tool(Person)
    forced = client.chat.completions.parse(
        messages=asked, tools=[tool], tool_choice="required", **QUIET
    )
    assert all(
        isinstance(call.function.parsed_arguments, Person)
        for call in forced.choices[0].message.tool_calls
    )


def test_json_mode(client):
    asked = [
        {"role": "user", "content": "Extract name and age as JSON: Ana is 31 years old."}
    ]
    answer = client.chat.completions.create(
        messages=asked, response_format={"type": "json_object"}, **QUIET
    )
    assert isinstance(json.loads(answer.choices[0].message.content), dict)


def test_completions(client):
    asked = {"model": MODEL, "prompt": "What is 4 + 5?", "temperature": 0, "max_tokens": 5}
    whole = client.completions.create(**asked)
    assert whole.choices[0].finish_reason == "length" and whole.usage.completion_tokens == 5
    chunks = list(client.completions.create(stream=True, **asked))
    assert "".join(chunk.choices[0].text for chunk in chunks) == whole.choices[0].text


def test_embeddings(client):
    texts = ["why is the sky blue?", "why is the grass green?"]
    # Unless told otherwise, this client asks for base64 and unpacks it.
    packed = client.embeddings.create(model=MODEL, input=texts)
    plain = client.embeddings.create(model=MODEL, input=texts, encoding_format="float")
    assert [item.index for item in packed.data] == [0, 1] and packed.usage.prompt_tokens > 2
    for a, b in zip(packed.data, plain.data, strict=True):
        assert a.embedding == pytest.approx(b.embedding, abs=1e-6)
        assert math.isclose(math.hypot(*a.embedding), 1, rel_tol=1e-3)
    short = client.embeddings.create(model=MODEL, input="hello", dimensions=8)
    assert len(short.data[0].embedding) == 8


def test_what_is_wrong_has_its_error(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="nothing", messages=SUM)
    assert caught.value.body["message"] == "model 'nothing' not found"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nothing")
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="nothing", input="hello")
    for wrong in [
        {"messages": []},
        {"messages": SUM, "temperature": -1},
        {"messages": SUM, "tools": [], "tool_choice": "required"},
        {"messages": SUM, "response_format": {
            "type": "json_schema", "json_schema": {"name": "n", "schema": {"not": {}}}}},
    ]:
        for stream in [False, True]:
            with pytest.raises(openai.BadRequestError) as caught:
                client.chat.completions.create(model=MODEL, stream=stream, **wrong)
            assert caught.value.type == "invalid_request_error"


def test_many_at_once():
    async def ask(client, number):
        answer = client.chat.completions.create(messages=SUM, stream=number % 2 == 0, **QUIET)
        if number % 2:
            return (await answer).choices[0].message.content
        return text([chunk async for chunk in await answer])

    async def all_of_them():
        async with openai.AsyncOpenAI(base_url=URL, api_key="any", max_retries=0) as client:
            return await asyncio.gather(*(ask(client, number) for number in range(8)))

    said = asyncio.run(all_of_them())
    assert all("9" in answer for answer in said), said
