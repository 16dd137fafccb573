"""Webhooks client: endpoints of a gonogo server, their test messages, deliveries and replays.

hooks = Webhooks(client)
created = await hooks.create(WebhookCreate(url="https://hooks.example.com/gonogo"))
"""

from __future__ import annotations

from typing import Final

from gonogo.client.base_client import body_of
from gonogo.client.errors import InvalidInputError, NotFoundError, UnsupportedError
from gonogo.client.gonogo_client import GONOGO, GonogoClient
from gonogo.client.page_reader import read_all
from gonogo.client.transport.requests import url_path
from gonogo.schemas.webhooks import (
    DeliveryList,
    DeliveryPublic,
    ReplayRequest,
    ReplayResult,
    WebhookCreate,
    WebhookCreated,
    WebhookList,
    WebhookPublic,
    WebhookSecret,
)

EXTENSION: Final = "webhooks"
_PATH: Final = f"{GONOGO}/webhooks"
_ONE: Final = _PATH + "/{}"


class Webhooks:
    """Operations on webhooks, with a client whose key may change things; on another server `NotFoundError`."""

    def __init__(self, client: GonogoClient) -> None:
        self._client = client

    async def require(self) -> None:
        """Raises `UnsupportedError` on a server that sends no webhooks."""
        capabilities = await self._client.capabilities()
        step = "Ask for the results from time to time instead: `gonogo export`."
        if capabilities is None:
            raise UnsupportedError("This is a plain ARCNM server: it sends no webhooks.", next_step=step)
        if EXTENSION not in capabilities.extensions:
            message = f"This server sends no webhooks: its gonogo is {capabilities.version}."
            raise UnsupportedError(message, next_step="They come with a newer release; until then `gonogo export`.")

    async def create(self, request: WebhookCreate, *, idempotency_key: str | None = None) -> WebhookCreated:
        """Creates an endpoint; the only answer with its secret."""
        return await self._client.call(WebhookCreated, "POST", _PATH, body=body_of(request), key=idempotency_key)

    async def page(self, limit: int | None = None, cursor: str | None = None) -> WebhookList:
        """Returns a page of the endpoints of the organisation, newest first."""
        return await self._client.call(WebhookList, "GET", _PATH, query={"limit": limit, "cursor": cursor})

    async def all(self) -> list[WebhookPublic]:
        """Returns all of them."""
        return await read_all(self.page)

    async def get(self, webhook_id: str) -> WebhookPublic:
        return await self._client.call(WebhookPublic, "GET", url_path(_ONE, webhook_id))

    async def find(self, url_or_id: str) -> WebhookPublic:
        """Returns the endpoint with this id, or the only one with this URL.

        Raises:
            NotFoundError: there is none.
            InvalidInputError: several have the URL; their ids are given.
        """
        known = await self.all()
        matches = [hook for hook in known if hook.id == url_or_id] or [hook for hook in known if hook.url == url_or_id]
        if not matches:
            step = "`gonogo webhooks list` shows them all."
            raise NotFoundError(f"There is no webhook {url_or_id!r}.", next_step=step)
        if len(matches) > 1:
            ids = ", ".join(hook.id for hook in matches)
            raise InvalidInputError(f"{len(matches)} webhooks have this URL.", next_step=f"Give the id of one: {ids}")
        return matches[0]

    async def remove(self, webhook_id: str) -> WebhookPublic:
        """Removes an endpoint; returns it as it was."""
        return await self._client.call(WebhookPublic, "DELETE", url_path(_ONE, webhook_id))

    async def test(self, webhook_id: str) -> DeliveryPublic:
        """Sends a `ping`; `delivery` tells what became of it."""
        return await self._client.call(DeliveryPublic, "POST", url_path(_ONE + "/test", webhook_id))

    async def rotate(self, webhook_id: str) -> WebhookSecret:
        """Gives an endpoint a new secret; the only answer with it."""
        return await self._client.call(WebhookSecret, "POST", url_path(_ONE + "/rotate", webhook_id))

    async def set_enabled(self, webhook_id: str, *, enabled: bool) -> WebhookPublic:
        """Enables or disables an endpoint; a second time changes nothing."""
        path = _ONE + ("/enable" if enabled else "/disable")
        return await self._client.call(WebhookPublic, "POST", url_path(path, webhook_id))

    async def deliveries(
        self, webhook_id: str, state: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> DeliveryList:
        """Returns the deliveries of an endpoint, newest first; `state` filters."""
        query = {"state": state, "limit": limit, "cursor": cursor}
        return await self._client.call(DeliveryList, "GET", url_path(_ONE + "/deliveries", webhook_id), query=query)

    async def delivery(self, webhook_id: str, delivery_id: str) -> DeliveryPublic:
        path = url_path(_ONE + "/deliveries/{}", webhook_id, delivery_id)
        return await self._client.call(DeliveryPublic, "GET", path)

    async def replay(self, webhook_id: str, delivery_id: str) -> DeliveryPublic:
        """Sends one delivery again, with the same id and body."""
        path = url_path(_ONE + "/deliveries/{}/replay", webhook_id, delivery_id)
        return await self._client.call(DeliveryPublic, "POST", path)

    async def replay_since(self, webhook_id: str, since: str, *, all_of_them: bool = False) -> int:
        """Sends deliveries again that were made since then and given up, or all; returns how many."""
        path, total, after = url_path(_ONE + "/replay", webhook_id), 0, 0
        while True:
            request = ReplayRequest(since=since, all=all_of_them, after=after)
            result = await self._client.call(ReplayResult, "POST", path, body=body_of(request))
            total += result.replayed
            if result.next_after is None:
                return total
            after = result.next_after
