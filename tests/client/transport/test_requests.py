"""The one builder of stored requests: exact bytes for the client and for the outbox."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gonogo.client.errors import InvalidInputError
from gonogo.client.transport.requests import (
    PreparedRequest,
    adjudicate_request,
    ruling_request,
    sent_verdict,
    submit_request,
)
from gonogo.desk.annotate.submit_request import submission_request
from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import Decision, Times
from gonogo.json_types import JsonObject
from gonogo.schemas.labeling import LabelSubmit
from tests.client.conftest import ClientFor

VALUE: JsonObject = {"text": "⌀16,5 “±”", "nominal": 16.5, "rest": [1, None, {"a": True}]}
BYTES = (
    '{"verdict":"incorrect","corrected_value":{"text":"⌀16,5 “±”","nominal":16.5,"rest":[1,null,{"a":true}]},'
    '"confidence":0.6,"duration_ms":120}'
).encode()
SUBMITTED = PreparedRequest("POST", "/api/v1/parts/labeling/tasks/a%2Fb%20c/submit", BYTES, "k")


async def test_the_client_and_the_desk_build_the_same_bytes(client_for: ClientFor) -> None:
    label = LabelSubmit(verdict="incorrect", corrected_value=VALUE, confidence=0.6, duration_ms=120)
    async with client_for("http://a.localhost") as client:
        assert client.prepare_submit("a/b c", label, idempotency_key="k") == SUBMITTED
    decision = Decision("incorrect", VALUE, 0.6, Times(100, 20))
    assert submission_request("a/b c", decision, idempotency_key="k") == SUBMITTED


def test_a_ruling_leaves_out_what_is_empty() -> None:
    made = ruling_request("t", "correct", note="", gold_candidate=True, idempotency_key="k")
    assert made == PreparedRequest(
        "POST", "/api/v1/gonogo/tasks/t/ruling", b'{"verdict":"correct","gold_candidate":true}', "k"
    )
    plain = adjudicate_request("t", "incorrect", corrected_value={"text": "5"}, idempotency_key="k")
    assert plain.path == "/api/v1/parts/labeling/tasks/t/adjudicate"
    assert plain.body == b'{"verdict":"incorrect","corrected_value":{"text":"5"}}'


def test_each_request_has_a_key_of_its_own_and_tells_its_verdict() -> None:
    one, other = submit_request("t", "ok"), submit_request("t", "ok")
    assert one.idempotency_key != other.idempotency_key
    assert sent_verdict(one) == "ok"
    assert sent_verdict(PreparedRequest("POST", "/", b"{")) is None


@pytest.mark.parametrize("value", [{"nominal": float("nan")}, {"text": "\ud800"}])
def test_what_json_cannot_hold_is_refused_before_it_is_stored(value: JsonObject) -> None:
    with pytest.raises(InvalidInputError):
        submit_request("t", "incorrect", corrected_value=value)
    with pytest.raises(DeskError, match="can't be sent") as refused:
        submission_request("t", Decision("incorrect", value))
    assert refused.value.next_step == "Type it again."


def test_a_key_press_waits_for_no_import() -> None:
    script = "import sys, gonogo.client.transport.requests\nprint(*{'httpx', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
