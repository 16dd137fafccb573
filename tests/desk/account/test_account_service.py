"""Signing in, being remembered, and what becomes of the credential."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gonogo.client.errors import AuthenticationError, InvalidInputError
from gonogo.desk.account.account_service import Account
from gonogo.desk.account.credentials import CredentialStore
from gonogo.desk.account.identity import EmbeddedParts
from gonogo.desk.core.errors import SignInError
from gonogo.desk.core.models import Decision, Stage
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import ServerProfile, Settings
from tests.support.labeling_server import BASE, CAMPAIGN, FakeClock, ScriptedServer, names, until

TOKEN = "session-canary-51c2"


class Keyring:
    """A keyring in memory that outlives the services, as a real one does."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[username]


Keyring.__module__, Keyring.__qualname__ = "keyring.backends.SecretService", "Keyring"


class Person:
    """Someone with a home and a keyring (or none), who starts the program again and again."""

    def __init__(self, home: Path, server: ScriptedServer, clock: FakeClock) -> None:
        self.home, self.server, self.clock = AppPaths(home), server, clock
        self.keyring: Keyring | None = Keyring()
        self.profile = Settings()
        self.embedded = False
        self.runs: list[Account] = []

    def run(self) -> Account:
        vault = CredentialStore(lambda: [self.keyring] if self.keyring else [])
        parts = EmbeddedParts(self.server.transport(), self.server.credential, "http://embedded.localhost")
        services = Account(
            self.home,
            self.profile,
            vault=vault,
            transport=self.server.transport(),
            clock=self.clock,
            embedded=(lambda: parts) if self.embedded else None,
        )
        self.runs.append(services)
        return services

    def written(self) -> bytes:
        assert self.home.root is not None
        return b"".join(path.read_bytes() for path in self.home.root.rglob("*") if path.is_file())


@pytest.fixture
async def person(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Person]:
    server = ScriptedServer(names(10), credential=TOKEN)
    person = Person(tmp_path / "home", server, clock)
    yield person
    for services in person.runs:
        await services.aclose()


async def test_a_link_signs_in_and_is_remembered(person: Person) -> None:
    signed = await person.run().sign_in_link(f"Your link: {BASE}/label?token=invitation-1")
    assert (signed.base_url, signed.name, signed.campaign_id, signed.storage) == (BASE, "Ann", CAMPAIGN, "keyring")
    again = person.run()
    assert again.remembered() == signed
    assert [one.id for one in await again.campaigns(signed)] == [CAMPAIGN]
    assert TOKEN.encode() not in person.written()
    assert TOKEN not in repr(signed)


async def test_without_a_keyring_it_is_for_this_run_only(person: Person) -> None:
    person.keyring = None
    services = person.run()
    signed = await services.sign_in_link(f"{BASE}/#token=invitation-1")
    assert signed.storage == "this run only"
    assert "no keyring" in signed.note
    assert services.remembered() == signed
    assert person.run().remembered() is None
    assert TOKEN.encode() not in person.written()


async def test_a_bare_token_needs_an_address(person: Person) -> None:
    with pytest.raises(SignInError, match="Which server") as caught:
        await person.run().sign_in_link("invitation-1")
    assert caught.value.next_step
    person.profile = Settings(servers=(ServerProfile(BASE),))
    assert (await person.run().sign_in_link("invitation-1")).base_url == BASE
    with pytest.raises(SignInError, match="used or has expired"):
        await person.run().sign_in_link("invitation-2", BASE)
    with pytest.raises(InvalidInputError):
        await person.run().sign_in_link("   ", BASE)


async def test_a_key_signs_in_on_our_server_and_on_a_plain_one(person: Person) -> None:
    signed = await person.run().sign_in_key(TOKEN, BASE + "/")
    assert (signed.kind, signed.annotator) == ("key", "annotator-1")
    person.server.extensions = False
    plain = await person.run().sign_in_key(TOKEN, BASE)
    assert plain.annotator.startswith("key:")
    assert [one.id for one in await person.run().campaigns(plain)] == [CAMPAIGN]
    with pytest.raises(AuthenticationError):
        await person.run().sign_in_key("wrong-key", BASE)


async def test_the_key_of_the_environment_needs_no_sign_in(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    await person.run().sign_in_key(TOKEN, BASE)
    await person.run().sign_out()
    monkeypatch.setenv("GONOGO_API_KEY", TOKEN)
    assert person.run().remembered() is None  # nobody said which server
    monkeypatch.setenv("GONOGO_BASE_URL", BASE)
    services = person.run()
    signed = services.remembered()
    assert signed is not None
    assert signed.annotator == "annotator-1"
    assert TOKEN not in repr(signed)
    desk = services.open_desk(signed, CAMPAIGN)
    await desk.start()
    await until(lambda: desk.current)
    await person.clock.finish(desk.close())


async def test_signing_out_forgets_everything_but_unsent_answers(person: Person) -> None:
    services = person.run()
    signed = await services.sign_in_link(f"{BASE}/?token=invitation-1")
    desk = services.open_desk(signed, CAMPAIGN)
    await desk.start()
    await until(lambda: desk.current)
    person.server.down = True
    desk.decide(Decision("correct"))
    await person.clock.finish(desk.close())
    person.server.down = False
    cached = person.home.sheets_cache() / "drawing"
    cached.parent.mkdir(parents=True, exist_ok=True)
    cached.write_bytes(b"x")
    await services.sign_out()
    assert person.keyring is not None
    assert person.keyring.kept == {}
    assert person.server.count("end") == 1
    assert not cached.exists()
    assert services.remembered() is None
    again = await services.sign_in_link(f"{BASE}/?token=invitation-1")
    desk = services.open_desk(again, CAMPAIGN)
    await desk.start()
    await person.clock.run_until(lambda: "task-000" in person.server.answers)
    await person.clock.finish(desk.close())


async def test_the_workspace_inside_is_opened_again_where_it_was(person: Person) -> None:
    person.embedded = True
    services = person.run()
    assert services.embedded_available
    signed = await services.sign_in_embedded()
    assert (signed.kind, signed.storage, signed.campaign_id) == ("embedded", "embedded", None)
    desk = services.open_desk(signed, CAMPAIGN)
    await desk.start()
    await until(lambda: desk.current)
    await person.clock.finish(desk.close())
    services = person.run()
    again = services.remembered()
    assert again is not None
    assert again.campaign_id == CAMPAIGN
    desk = services.open_desk(again, CAMPAIGN)
    calls = len(person.server.calls)
    await desk.start()
    assert desk.state.stage is Stage.TASK
    assert len(person.server.calls) == calls
    await person.clock.finish(desk.close())
    person.embedded = False
    assert person.run().remembered() is None
    with pytest.raises(SignInError):
        await person.run().sign_in_embedded()
