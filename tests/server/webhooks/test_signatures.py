"""Signatures as the Standard Webhooks specification has them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from gonogo.server.webhooks.signatures import PREFIX, new_secret, signature, signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""Of the specification's own examples (standard-webhooks/libraries)."""


def test_the_example_of_the_specification() -> None:
    body = b'{"test": 2432232314}'
    signed = signature("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body, SECRET)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_is_whsec_and_32_random_bytes() -> None:
    secrets = {new_secret() for _ in range(50)}
    assert len(secrets) == 50
    assert {len(base64.b64decode(secret.removeprefix(PREFIX), validate=True)) for secret in secrets} == {32}


@given(body=st.binary(max_size=200), other=st.binary(max_size=200), seconds=st.integers(0, 2**40))
def test_each_part_is_signed(body: bytes, other: bytes, seconds: int) -> None:
    now = datetime.fromtimestamp(seconds % 2**32, UTC)
    headers = signed_headers("msg_1", now, body, [SECRET])
    given_time, signed = headers["webhook-timestamp"], headers["webhook-signature"]
    assert signed == signature("msg_1", given_time, body, SECRET)
    assert signed != signature("msg_2", given_time, body, SECRET)
    assert signed != signature("msg_1", str(int(given_time) + 1), body, SECRET)
    assert (signed == signature("msg_1", given_time, other, SECRET)) == (body == other)
    assert signed_headers("msg_1", now, body, [SECRET, new_secret()])["webhook-signature"].split()[0] == signed
