"""The manner in which a server is asked, and the plainer ones that follow when it refuses."""

from collections.abc import Mapping

import pytest

from rag.fault import Fault
from rag.manner import Manner
from rag.ports import Message, Shape

SHAPE = Shape(
    name="verdict",
    schema={
        "type": "object",
        "properties": {"verdict": {"type": "string"}},
        "required": ["verdict"],
        "additionalProperties": False,
    },
)
MESSAGES = (Message(role="system", text="Reply in JSON."), Message(role="user", text="Hello."))
FULL = Manner(temperature=0.5)


def body_of(manner: Manner) -> Mapping[str, object]:
    return manner.body("m", MESSAGES, SHAPE, 99)


def test_a_request_says_all_that_a_server_may_understand() -> None:
    """At first it holds a strict schema, a limit, a temperature, and is streamed and counted."""
    assert body_of(FULL) == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Reply in JSON."},
            {"role": "user", "content": "Hello."},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "verdict", "strict": True, "schema": SHAPE.schema},
        },
        "max_completion_tokens": 99,
        "temperature": 0.5,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_half_a_character_can_be_sent() -> None:
    """A lone surrogate, which no JSON can hold as UTF-8, becomes a question mark."""
    body = Manner().body("m", [Message(role="user", text="a\ud83db")], SHAPE, 9)

    assert body["messages"] == [{"role": "user", "content": "a?b"}]


DIFFERENCES = [
    ("temperature", {"temperature"}, set()),
    ("stream_options", {"stream_options"}, set()),
    ("stream", {"stream", "stream_options"}, set()),
    ("max_completion_tokens", {"max_completion_tokens"}, {"max_tokens"}),
]


@pytest.mark.parametrize(("name", "gone", "new"), DIFFERENCES)
@pytest.mark.parametrize("told", ["param", "words"])
def test_what_a_server_names_is_left_out(
    name: str, gone: set[str], new: set[str], told: str
) -> None:
    """What is refused, by `param` or in words, is not said again, and nothing else changes."""
    fault = (
        Fault("Not supported.", status=400, param=name)
        if told == "param"
        else Fault(f"Unsupported parameter: '{name}' is not known.", status=422)
    )

    plainer = FULL.plainer(fault)

    assert plainer
    before, after = body_of(FULL), body_of(plainer)
    assert before.keys() - after.keys() == gone
    assert after.keys() - before.keys() == new
    assert all(after[key] == before[key] for key in after.keys() & before.keys())


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (Fault("max_tokens", status=400, param="temperature"), "temperature"),
        (Fault("body.stream_options: extra", status=422), "stream_options"),
        (Fault("No.", status=400, param="body.temperature"), "temperature"),
        (
            Fault(
                "'max_completion_tokens' is not supported, use 'max_tokens'.",
                status=400,
                param="max_completion_tokens",
            ),
            "max_completion_tokens",
        ),
    ],
)
def test_param_counts_more_than_words(fault: Fault, name: str) -> None:
    """The parameter that the error itself names is meant, wherever it stands."""
    plainer = FULL.plainer(fault)

    assert plainer
    assert name not in body_of(plainer)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("Not supported.", status=400, param="response_format"),
        Fault("Not supported.", status=400, param="response_format.json_schema"),
        Fault("json_schema is not supported.", status=400),
        Fault("It does not work.", status=400),
        Fault("Streaming upstreams are in a bad temperature.", status=422, param="x"),
    ],
)
def test_forms_step_down(fault: Fault) -> None:
    """A form that is refused, or a refusal that names nothing known, makes the form plainer."""
    manner = Manner()
    forms = []
    while True:
        body = body_of(manner)
        response = body.get("response_format")
        forms.append(response["type"] if isinstance(response, dict) else "")
        following = manner.plainer(fault)
        if not following:
            break
        manner = following

    assert forms == ["json_schema", "json_object", ""]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "stream stream_options temperature max_tokens max_completion_tokens response_format",
    ],
)
def test_each_step_is_made_once(words: str) -> None:
    """Whatever a server refuses, there is an end to it, and the end says nothing but the question.

    Without words, only the form can be meant.
    """
    manner, seen = FULL, [FULL]
    while following := manner.plainer(Fault(words, status=400)):
        manner = following
        seen.append(manner)
        assert len(seen) < 20

    assert len(set(seen)) == len(seen)
    assert "response_format" not in body_of(manner)
    if words:
        assert body_of(manner).keys() == {"model", "messages"}


@pytest.mark.parametrize(
    "fault",
    [
        Fault("temperature", status=500),
        Fault("temperature", status=401),
        Fault("temperature", status=0),
        Fault("No.", status=400, code="content_filter"),
        Fault("No.", status=400, code="context_length_exceeded"),
        Fault("This model's maximum context length is 8 tokens; max_tokens is 9.", status=400),
        Fault("No.", status=400, code="model_not_found"),
    ],
    ids=lambda fault: f"{fault.status} {fault.code}",
)
def test_what_no_manner_can_help_is_left(fault: Fault) -> None:
    """A failure that is not about the manner changes nothing."""
    assert FULL.plainer(fault) is None
