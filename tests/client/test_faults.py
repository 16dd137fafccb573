"""Errors: each failure of an exchange becomes one class, with a next step and the request id."""

from __future__ import annotations

import socket
import traceback
from typing import Any

import pytest
from rich.pretty import pretty_repr

from gonogo.client.credential import ApiKey
from gonogo.client.errors import (
    AuthenticationError,
    ConflictError,
    GonogoClientError,
    InvalidInputError,
    InvalidRequestError,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    UnexpectedAnswerError,
)
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.transport.http_transport import Timeouts
from gonogo.client.transport.retry import ONCE
from gonogo.schemas.gonogo_api import SessionCreate
from gonogo.schemas.labeling import LabelSubmit
from tests.client.conftest import ClientFor
from tests.client.scripted_server import Drip, HalfBody, Reply, Reset, ScriptedServer, Stall, Step, envelope

EMPTY_LIST = Reply(200, {"count": 0, "data": []})

STATUSES: list[tuple[int, type[GonogoClientError]]] = [
    (400, InvalidRequestError),
    (401, AuthenticationError),
    (402, PermissionDeniedError),
    (403, PermissionDeniedError),
    (404, NotFoundError),
    (405, InvalidRequestError),
    (409, ConflictError),
    (410, NotFoundError),
    (412, ConflictError),
    (413, InvalidRequestError),
    (415, InvalidRequestError),
    (418, InvalidRequestError),
    (422, InvalidRequestError),
    (423, PermissionDeniedError),
    (429, RateLimitedError),
    (500, ServerError),
    (502, ServerError),
    (503, ServerError),
    (599, ServerError),
]

BODIES: list[Any] = [
    envelope("some_new_code", "what the server says", "req_7"),
    {"message": "another form"},
    {"detail": "yet another"},
    {"detail": [{"loc": ["body", "x"], "msg": "bad", "type": "t"}]},
    {"error": "plain"},
    {"error": {"code": 5, "message": ["x"], "details": "none"}, "request_id": 9},
    b'"a bare string"',
    b"plain text",
    "<html><body>Bad day</body></html>",
    b"",
    b"\xff\xfe\x00",
    b"[1, 2",
    b"null",
]


@pytest.mark.parametrize(("status", "kind"), STATUSES)
async def test_the_class_follows_the_status_whatever_the_body(
    status: int, kind: type[GonogoClientError], client_for: ClientFor
) -> None:
    replies = [Reply(status, body, {"X-Request-ID": "req_42"}) for body in BODIES]
    async with ScriptedServer(replies) as server, client_for(server.url, retry=ONCE) as client:
        for body in BODIES:
            async with client_for(server.url, retry=ONCE) as client:  # a new one: 429 pauses a client
                with pytest.raises(GonogoClientError) as caught:
                    await client.get_campaign("c1")
            error = caught.value
            assert type(error) is kind, body
            assert error.status == status
            assert error.request_id == "req_42"
            assert "req_42" not in str(error)  # a person reads the sentence; F9 and the command line tell the rest
            assert str(status) in error.trace
            assert "req_42" in error.trace
            assert error.next_step
            assert "\x00" not in str(error)
            assert "<html>" not in str(error)


async def test_the_envelope_is_read(client_for: ClientFor) -> None:
    said = envelope("conflict", "You \x1b[2Jalready\nanswered.", "req_9", reason="already_submitted", receipt_id="r1")
    async with ScriptedServer([Reply(409, said)]) as server, client_for(server.url) as client:
        with pytest.raises(ConflictError) as caught:
            await client.submit("t1", LabelSubmit(verdict="correct"))
    error = caught.value
    assert (error.code, error.reason, error.details["receipt_id"]) == ("conflict", "already_submitted", "r1")
    assert error.request_id == "req_9"
    assert "\x1b" not in str(error)
    assert "already answered" in str(error)
    assert "Nothing to do" in error.next_step


async def test_an_unknown_409_is_a_conflict_without_a_reason(client_for: ClientFor) -> None:
    async with ScriptedServer([Reply(409, envelope("brand_new"))]) as server, client_for(server.url) as client:
        with pytest.raises(ConflictError) as caught:
            await client.close_campaign("c1")
    assert (caught.value.code, caught.value.reason) == ("brand_new", "")


async def test_rejected_fields_are_named(client_for: ClientFor) -> None:
    found = [{"loc": ["body", "verdict"], "msg": "not allowed", "type": "enum"}]
    reply = Reply(422, envelope("validation_error", "No.", errors=found))
    async with ScriptedServer([reply]) as server, client_for(server.url) as client:
        with pytest.raises(InvalidRequestError) as caught:
            await client.submit("t1", LabelSubmit(verdict="perhaps"))
    assert caught.value.errors == found
    assert "body.verdict (not allowed)" in str(caught.value)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (Reply(200, "<html><title>Café WLAN</title><script>x=1</script>Log in \x1b[2J</html>"), "Café WLAN Log in"),
        (Reply(200, b'{"count": 1, "data": [{"id"'), "broken JSON"),
        (Reply(200, b""), "empty body"),
        (Reply(204), "empty body"),
        (Reply(200, b"[]"), "LabelingCampaignList"),
        (Reply(200, {"count": "many", "data": []}), "count (int_parsing)"),
        (Reply(200, {"count": 1, "data": [{"name": "no id"}]}), "data.0.id (missing)"),
        (Reply(200, b"[" * 100_000), "broken JSON"),
        (Reply(200, b'{"count":' + b"9" * 10_000 + b', "data": []}'), "broken JSON"),
        (Reply(200, b"\x1f\x8b not gzip", {"Content-Encoding": "gzip"}), "unpacked"),
        (Reply(302, b"", {"Location": "https://login.example/?secret=1"}), "login.example (302)"),
        (Reply(307, b"", {"Location": "http://[broken"}), "307"),
        (Reply(304), "304"),
    ],
)
async def test_what_is_no_answer_is_named_and_never_shown_whole(step: Step, says: str, client_for: ClientFor) -> None:
    async with ScriptedServer([step]) as server, client_for(server.url) as client:
        with pytest.raises(UnexpectedAnswerError) as caught:
            await client.list_campaigns()
    assert says in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "address" in caught.value.next_step


async def test_a_long_page_is_cut(client_for: ClientFor) -> None:
    page = Reply(200, "<p>" + "word " * 10_000, {"X-Request-ID": "req_" + "9" * 5000})
    async with ScriptedServer([page]) as server, client_for(server.url) as client:
        with pytest.raises(UnexpectedAnswerError) as caught:
            await client.list_campaigns()
    assert len(caught.value.message) < 350
    assert len(caught.value.request_id or "") <= 200


@pytest.mark.parametrize(
    "step",
    [
        Reset(),
        HalfBody(EMPTY_LIST),
        Stall(),
        Stall(EMPTY_LIST, 20),
        Stall(EMPTY_LIST, len(EMPTY_LIST.head(24)) + 5),
        Drip(EMPTY_LIST, 0.05),
    ],
    ids=lambda step: type(step).__name__,
)
async def test_no_whole_answer_is_a_network_error(step: Step, client_for: ClientFor) -> None:
    limits = Timeouts(read=0.2, whole=0.4)
    async with ScriptedServer([step]) as server, client_for(server.url, retry=ONCE, timeouts=limits) as client:
        with pytest.raises(NetworkError) as caught:
            await client.list_campaigns()
    assert caught.value.transient
    assert "kept" in caught.value.next_step


async def test_what_takes_the_server_long_is_waited_for(client_for: ClientFor) -> None:
    limits = Timeouts(read=0.1, whole=0.2, slow=20)
    async with (
        ScriptedServer([Drip(Reply(200, b"{}"), 0.3)]) as server,
        client_for(server.url, timeouts=limits) as client,
    ):
        assert (await client.campaign_quality("c1")).alpha is None


async def test_nobody_listening_is_a_network_error(client_for: ClientFor) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    async with client_for(f"http://127.0.0.1:{port}", retry=ONCE) as client:
        with pytest.raises(NetworkError, match="cannot be reached"):
            await client.list_campaigns()


async def test_a_closed_client_says_so(client_for: ClientFor) -> None:
    """Background work may still call while the desk is being cleared."""
    async with ScriptedServer([EMPTY_LIST]) as server:
        async with client_for(server.url) as client:
            await client.list_campaigns()
        with pytest.raises(NetworkError, match="closed"):
            await client.list_campaigns()
        assert len(server.requests) == 1


async def test_an_export_cut_in_the_middle_raises_after_what_came(client_for: ClientFor) -> None:
    body = b'{"n":1}\n' * 4
    async with ScriptedServer([HalfBody(Reply(200, body))]) as server, client_for(server.url) as client:
        lines = client.export_lines("c1")
        assert [await anext(lines), await anext(lines)] == [b'{"n":1}\n'] * 2
        with pytest.raises(NetworkError):
            await anext(lines)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(403, envelope("insufficient_scope")), PermissionDeniedError),
        (Reply(200, "<html>"), UnexpectedAnswerError),
    ],
)
async def test_an_export_that_is_none_raises(
    reply: Reply, kind: type[GonogoClientError], client_for: ClientFor
) -> None:
    async with ScriptedServer([reply]) as server, client_for(server.url) as client:
        with pytest.raises(kind):
            await anext(client.export_lines("c1"))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
async def test_what_json_cannot_hold_is_refused_here(value: Any, client_for: ClientFor) -> None:
    async with ScriptedServer([EMPTY_LIST]) as server, client_for(server.url) as client:
        with pytest.raises(InvalidInputError):
            await client.submit("t1", LabelSubmit(verdict="incorrect", corrected_value={"nominal": value}))
        assert server.requests == []


@pytest.mark.parametrize("bad", ["", "  ", ".", "..", "\ud800"])
async def test_what_is_no_id_is_refused_here(bad: str, client_for: ClientFor) -> None:
    async with ScriptedServer([EMPTY_LIST]) as server, client_for(server.url) as client:
        with pytest.raises(InvalidInputError):
            await client.get_campaign(bad)
        assert server.requests == []


SECRET = "NEVER-SHOWN-7"


def _echoes() -> list[Step]:
    """Servers and proxies that echo what they were sent, in each place they can."""
    heard = f"you sent {SECRET}"
    errors = [{"loc": [SECRET], "msg": heard, "type": SECRET}]
    return [
        Reply(200, f"<p>{heard}</p>"),
        Reply(200, {"session_token": [SECRET], "count": SECRET}),
        Reply(200, f'{{"session_token": "{SECRET}'.encode()),
        Reply(422, envelope(SECRET, heard, SECRET, errors=errors)),
        Reply(500, heard.encode(), {"X-Request-ID": SECRET}),
        Reset(),
    ]


@pytest.mark.parametrize("echo", _echoes(), ids=str)
async def test_no_secret_in_any_text_about_an_error(echo: Step) -> None:
    """Neither in message, repr and details, nor in the local variables that crash reports print."""
    async with (
        ScriptedServer([echo]) as server,
        GonogoClient(server.url, ApiKey(SECRET), retry=ONCE) as client,
        GonogoClient(server.url, retry=ONCE) as stranger,
    ):
        session = SessionCreate(magic_link_token=SECRET, client_nonce="nonce-12")
        for call in (client.list_campaigns(), client.submit("t", LabelSubmit(verdict="x")), stranger.redeem(session)):
            with pytest.raises(GonogoClientError) as caught:
                await call
            error = caught.value
            shown = [repr(client), repr(error), str(error), repr(vars(error)), error.next_step]
            for frame, _ in traceback.walk_tb(error.__traceback__):
                if "gonogo" in frame.f_code.co_filename and "tests" not in frame.f_code.co_filename:
                    shown += [pretty_repr(value) + repr(value) for value in frame.f_locals.values()]
            assert len(shown) > 5
            assert SECRET not in "\n".join(shown)
            assert error.__suppress_context__ or error.__context__ is None
