"""`gonogo webhooks`: endpoints that a server sends signed messages to, their deliveries, and replays."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import click

from gonogo.cli.completion import complete_campaign, complete_webhook
from gonogo.cli.support.api_client import api_command
from gonogo.cli.support.consequences import agreed, consequence_options
from gonogo.cli.support.exit_codes import EXIT_USAGE, echo_err, fail
from gonogo.cli.support.options import F
from gonogo.cli.support.output import print_item, print_json, print_list, waiting
from gonogo.cli.support.pager import pager_option
from gonogo.cli.support.tables import Fit, TableColumn
from gonogo.cli.support.times import shown_time
from gonogo.client.lead_client import LeadClient
from gonogo.client.lookup import find_campaign
from gonogo.client.webhooks import Webhooks
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.webhooks import (
    DeliveryPublic,
    DeliveryState,
    WebhookCreate,
    WebhookEvent,
    WebhookPublic,
    WebhookState,
)

TEST_SECONDS: Final = 15.0
"""Time that `test` waits for its message to be tried."""
_LOOK_SECONDS: Final = 0.25


def webhook_argument(command: F) -> F:
    """WEBHOOK: its URL, where one endpoint has it, or its id; the shell completes URLs."""
    return click.argument("webhook", shell_complete=complete_webhook)(command)


@click.group(epilog="\b\nExample:\n  gonogo webhooks list")
def webhooks() -> None:
    """Webhooks: signed messages to your programs when a task settles or a campaign is done. See docs/webhooks.md."""


@webhooks.command("list", epilog="\b\nExample:\n  gonogo webhooks list --json")
@pager_option
@api_command
async def list_(client: LeadClient, as_json: bool) -> None:
    """All endpoints, newest first: how each answers, and what waits for it."""
    hooks = await _webhooks(client)
    print_list(
        await hooks.all(),
        as_json=as_json,
        columns=_COLUMNS,
        cells=_cells,
        empty="There is no webhook yet. `gonogo webhooks add URL` makes one.",
    )


@webhooks.command(
    epilog="""\b
Examples:
  gonogo webhooks add https://hooks.example.com/gonogo
  gonogo webhooks add https://hooks.example.com/gonogo \\
      --campaign "batch 12" --event campaign.done
"""
)
@click.argument("url")
@click.option("--campaign", shell_complete=complete_campaign, help="Only of this campaign; default: of all.")
@click.option(
    "--event",
    "events",
    multiple=True,
    type=click.Choice([event.value for event in WebhookEvent]),
    help="Only of this event; may be given several times; default: all.",
)
@click.option("--from-start", is_flag=True, help="Also send what has settled before.")
@api_command
async def add(
    client: LeadClient, url: str, campaign: str | None, events: tuple[str, ...], from_start: bool, as_json: bool
) -> None:
    """Send messages to URL from now on. The secret that signs them is printed once."""
    if not url.startswith(("http://", "https://")):
        fail(f"{url[:80]!r} is no web address", "Give it like https://hooks.example.com/gonogo.", EXIT_USAGE)
    hooks = await _webhooks(client)
    campaign_id = None if campaign is None else (await find_campaign(client, campaign)).id
    chosen = list(events) or None
    created = await hooks.create(WebhookCreate(url=url, events=chosen, campaign_id=campaign_id, from_start=from_start))
    if as_json:
        print_json(created.model_dump())
        return
    echo_err(f"Messages go to {created.url} ({', '.join(created.events)}). The secret isn't shown again:")
    click.echo(created.secret)
    echo_err(f"Next: gonogo webhooks test {created.id}")


@webhooks.command(epilog="\b\nExample:\n  gonogo webhooks show https://hooks.example.com/gonogo")
@webhook_argument
@api_command
async def show(client: LeadClient, webhook: str, as_json: bool) -> None:
    """One endpoint: its events, how it answers, and what waits for it."""
    endpoint = await (await _webhooks(client)).find(webhook)
    print_item(endpoint.model_dump() if as_json else _fields(endpoint), as_json=as_json)


@webhooks.command(epilog="\b\nExample:\n  gonogo webhooks test https://hooks.example.com/gonogo")
@webhook_argument
@api_command
async def test(client: LeadClient, webhook: str, as_json: bool) -> None:
    """Send a message of type ping, and say what became of it; exit 1 if it failed."""
    hooks = await _webhooks(client)
    endpoint = await hooks.find(webhook)
    delivery = await hooks.test(endpoint.id)
    with waiting("Waiting for the answer …"):
        delivery = await _tried(hooks, delivery)
    if as_json:
        print_json(delivery.model_dump())
    if delivery.state == DeliveryState.DELIVERED:
        echo_err(f"{endpoint.url} took the message (answered {delivery.last_status}).")
    elif delivery.attempts:
        fail(
            f"{endpoint.url}: {delivery.last_error}",
            f"It is tried again at {shown_time(delivery.next_try_at)}."
            if delivery.next_try_at
            else "It is not tried again.",
        )
    else:
        fail(
            f"the message wasn't sent within {TEST_SECONDS:.0f} s",
            f"It waits: `gonogo webhooks deliveries {endpoint.id}` says more later.",
        )


@webhooks.command(epilog="\b\nExample:\n  gonogo webhooks rotate https://hooks.example.com/gonogo")
@webhook_argument
@api_command
async def rotate(client: LeadClient, webhook: str, as_json: bool) -> None:
    """Give an endpoint a new secret, printed once; for 24 hours messages are signed with the old one, too."""
    hooks = await _webhooks(client)
    secret = await hooks.rotate((await hooks.find(webhook)).id)
    if as_json:
        print_json(secret.model_dump())
        return
    echo_err(f"The old secret signs until {shown_time(secret.old_until)}. The new one isn't shown again:")
    click.echo(secret.secret)


@webhooks.command(epilog="\b\nExample:\n  gonogo webhooks enable https://hooks.example.com/gonogo")
@webhook_argument
@api_command
async def enable(client: LeadClient, webhook: str, as_json: bool) -> None:
    """Enable an endpoint: it is tried at once, and gets what has settled meanwhile."""
    await _set_enabled(client, webhook, enabled=True, as_json=as_json)


@webhooks.command(epilog="\b\nExample:\n  gonogo webhooks disable https://hooks.example.com/gonogo")
@webhook_argument
@api_command
async def disable(client: LeadClient, webhook: str, as_json: bool) -> None:
    """Disable an endpoint: events wait until it is enabled again."""
    await _set_enabled(client, webhook, enabled=False, as_json=as_json)


@webhooks.command(epilog="\b\nExample:\n  gonogo webhooks remove https://hooks.example.com/gonogo --dry-run")
@webhook_argument
@consequence_options
@api_command
async def remove(client: LeadClient, webhook: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Remove an endpoint: nothing more is sent to it, and its deliveries go."""
    hooks = await _webhooks(client)
    endpoint = await hooks.find(webhook)
    waits = counted(endpoint.n_pending, "message that waits is", "messages that wait are")
    consequence = f"Remove {endpoint.url}: nothing more is sent to it, and {waits} dropped."
    if not agreed(consequence, dry_run=dry_run, yes=yes, as_json=as_json):
        return
    removed = await hooks.remove(endpoint.id)
    if as_json:
        print_json(removed.model_dump())
    else:
        echo_err(f"{removed.url} is removed.")


@webhooks.command(
    epilog="""\b
Examples:
  gonogo webhooks deliveries https://hooks.example.com/gonogo
  gonogo webhooks deliveries https://hooks.example.com/gonogo --state failed
"""
)
@webhook_argument
@click.option("--state", type=click.Choice([state.value for state in DeliveryState]), help="Only those in this state.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="Only the newest so many.")
@pager_option
@api_command
async def deliveries(client: LeadClient, webhook: str, state: str | None, limit: int, as_json: bool) -> None:
    """Messages to an endpoint, newest first, and what became of each. Done ones are kept for 14 days."""
    hooks = await _webhooks(client)
    endpoint = await hooks.find(webhook)
    listed: list[DeliveryPublic] = []
    cursor = None
    while len(listed) < limit:
        page = await hooks.deliveries(endpoint.id, state, min(limit - len(listed), 500), cursor)
        listed += page.data
        cursor = page.next_cursor
        if cursor is None:
            break
    empty = "There is none." if state else "There is no delivery yet."
    print_list(listed, as_json=as_json, columns=_DELIVERY_COLUMNS, cells=_delivery_cells, empty=empty)


@webhooks.command(
    epilog="""\b
Examples:
  gonogo webhooks replay https://hooks.example.com/gonogo \\
      --failed-since 2026-11-30
  gonogo webhooks replay https://hooks.example.com/gonogo \\
      --all-since 2026-11-30T12:00:00Z
"""
)
@webhook_argument
@click.argument("delivery", required=False)
@click.option("--failed-since", metavar="TIME", help="All that were made since then and given up.")
@click.option("--all-since", metavar="TIME", help="All that were made since then, also those that arrived.")
@api_command
async def replay(
    client: LeadClient,
    webhook: str,
    delivery: str | None,
    failed_since: str | None,
    all_since: str | None,
    as_json: bool,
) -> None:
    """Send DELIVERY (its id), or several, again: the same bytes with the same webhook-id."""
    if sum(given is not None for given in (delivery, failed_since, all_since)) != 1:
        fail("what to send again?", "Give the id of a DELIVERY, --failed-since TIME, or --all-since TIME.", EXIT_USAGE)
    hooks = await _webhooks(client)
    endpoint = await hooks.find(webhook)
    if delivery is not None:
        print_item((await hooks.replay(endpoint.id, delivery)).model_dump(), as_json=as_json)
        return
    since = failed_since or all_since or ""
    replayed = await hooks.replay_since(endpoint.id, since, all_of_them=all_since is not None)
    if as_json:
        print_json({"replayed": replayed})
    else:
        echo_err(f"{counted(replayed, 'message')} will be sent again.")


async def _webhooks(client: LeadClient) -> Webhooks:
    hooks = Webhooks(client)
    await hooks.require()
    return hooks


async def _tried(hooks: Webhooks, delivery: DeliveryPublic) -> DeliveryPublic:
    """The delivery once it was tried, or as it is after `TEST_SECONDS`."""
    end = time.monotonic() + TEST_SECONDS
    while not delivery.attempts and time.monotonic() < end:
        await asyncio.sleep(_LOOK_SECONDS)
        delivery = await hooks.delivery(delivery.webhook_id, delivery.id)
    return delivery


async def _set_enabled(client: LeadClient, webhook: str, *, enabled: bool, as_json: bool) -> None:
    hooks = await _webhooks(client)
    changed = await hooks.set_enabled((await hooks.find(webhook)).id, enabled=enabled)
    if as_json:
        print_json(changed.model_dump())
    else:
        echo_err(f"{changed.url} is {'enabled' if enabled else 'disabled'}.")


def _fields(hook: WebhookPublic) -> dict[str, object]:
    """Fields as people read them."""
    return {
        "url": hook.url,
        "state": hook.state,
        "disabled": hook.disabled_reason,
        "failing_at": hook.failing_since,
        "last_error": hook.last_error,
        "waiting": hook.n_pending,
        "failed": hook.n_failed,
        "events": ", ".join(hook.events),
        "campaign": hook.campaign or "all",
        "created_at": hook.created_at,
        "id": hook.id,
    }


_COLUMNS: Final = (
    TableColumn("url", Fit.CUT),
    TableColumn("state"),
    TableColumn("waiting", number=True),
    TableColumn("failed", number=True),
    TableColumn("campaign", Fit.SPARE),
    TableColumn("last error", Fit.SPARE),
    TableColumn("id", Fit.SPARE),
)


def _cells(hook: WebhookPublic) -> list[str]:
    why = hook.disabled_reason if hook.state == WebhookState.DISABLED else hook.last_error
    return [hook.url, hook.state, str(hook.n_pending), str(hook.n_failed), hook.campaign or "all", why or "", hook.id]


_DELIVERY_COLUMNS: Final = (
    TableColumn("made"),
    TableColumn("event"),
    TableColumn("state"),
    TableColumn("tries", number=True),
    TableColumn("last error", Fit.CUT),
    TableColumn("next try", Fit.SPARE),
    TableColumn("id", Fit.SPARE),
)


def _delivery_cells(item: DeliveryPublic) -> list[str]:
    made, again = shown_time(item.created_at), shown_time(item.next_try_at)
    return [made, item.event, item.state, str(item.attempts), item.last_error or "", again, item.id]
