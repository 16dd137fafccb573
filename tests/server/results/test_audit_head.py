"""The head of the audit log, as a lead's export keeps it."""

from __future__ import annotations

from gonogo.client.credential import ApiKey
from gonogo.client.lead_client import LeadClient
from gonogo.schemas.lead import AuditHead
from gonogo.server.store import audit
from tests.server.results.conftest import TOKEN, Served


async def head(served: Served) -> AuditHead:
    async with LeadClient("http://embedded.localhost", ApiKey(TOKEN), transport=served.transport()) as client:
        return await client.audit_head()


async def test_it_changes_with_every_change_and_with_nothing_else(served: Served) -> None:
    before = await head(served)
    assert await head(served) == before
    await served.add(1)
    after = await head(served)
    assert after.n_rows == before.n_rows + 1
    assert after.sha256 != before.sha256


async def test_it_is_made_of_what_verify_proves(served: Served) -> None:
    await served.add(3)
    found = await head(served)
    with served.app.state.store.read() as connection:
        proved = audit.verify(connection)
        assert audit.heads(connection) == proved.heads
    assert proved.broken is None
    assert (found.n_rows, found.n_chains) == (proved.n_rows, len(proved.heads))
    assert found.sha256 == audit.digest_of(proved.heads)
    assert found.heads == audit.heads_as_json(proved.heads)
