"""Server settings: database, addresses, limits and secrets of one server; the program that starts it gives them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

API_VERSION = "2026-04-24"
"""Value of `X-API-Version`: the date of the published contract this server follows."""

MEGABYTE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """Settings of one server; what can hold a secret is left out of `repr`.

    `read_database_url`: a replica of the database, for results, exports and quality reports.
    `drawings_url`: the place of the drawings' bytes, `database:`, `file:///folder` or `s3://bucket/prefix?endpoint=…`;
    `None` is the place that the database remembers, at first the database itself.
    `direct_drawings`: whether URLs may lead straight to an object store; an embedding program reaches only this server.
    `public_url`: where people reach this server, e.g. `https://labels.example.com`; links are built from it. `None`
    takes the address of the request, which is right for one machine only.
    `invitation_url`: where magic links lead, if not to `public_url`: an embedded server makes links to the server of
    the team.
    `embedded_token`: made fresh at each start by an embedding program; sent in `X-API-Key` it acts as the local lead
    and is not rate limited.
    `signing_secret`: signs drawing URLs; `None` uses a random one kept in the database, so that all workers agree.
    A rate limit of `None` is off. `share_limits`: whether workers count requests together, in the database; `None`
    means yes on PostgreSQL. `metrics`: whether there is a `/metrics`; `metrics_token`: who sends it may read that, else
    only this machine may; `metrics_dir`: where several workers of one machine put their numbers together.
    `trusted_proxies`: addresses and networks whose `X-Forwarded-For` and `-Proto` count.
    `tls_cert` and `tls_key`: PEM files of this server's own certificate; without them it speaks plain http.
    `docs`: whether `/docs` and `/openapi.json` describe the API.
    `webhook_seconds`: pause between two looks for events of webhooks; `None` sends none from this process.
    `webhook_process`: whether a process of its own sends them, while there are endpoints.
    `webhook_private`: whether an endpoint may be in the server's own network, and may speak plain http there.
    `keep_deliveries_days`: deliveries of webhooks go this long after they were delivered or given up.
    `keep_drawings_days`: drawings that no open campaign uses go this long after the last one closed.
    """

    database_url: str = field(repr=False)
    read_database_url: str | None = field(default=None, repr=False)
    drawings_url: str | None = None
    direct_drawings: bool = True
    public_url: str | None = None
    invitation_url: str | None = None
    embedded_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    max_json_bytes: int = 4 * MEGABYTE
    max_drawing_bytes: int = 50 * MEGABYTE
    requests_per_minute_per_key: int | None = 1200
    requests_per_minute_per_caller: int | None = 600
    redeem_failures_per_minute: int | None = 10  # of one address
    streams_per_key: int = 20  # open at once at one worker, of one key or session
    watch_seconds: float = 0.5  # between two looks at a campaign that somebody watches
    stream_ping_seconds: float = 10.0  # signs of life, so that no proxy closes a quiet stream and dead ones are noticed
    stream_send_seconds: float = 30.0  # for one event to a client that doesn't read; then its stream is closed
    drawing_url_seconds: int = 15 * 60
    idempotency_hours: int = 24
    invitation_hours: int = 24
    share_limits: bool | None = None
    docs: bool = True
    metrics: bool = False
    metrics_token: str | None = field(default=None, repr=False)
    metrics_dir: str | None = None
    metrics_seconds: float = 5.0  # between two samples of pools and streams; tasks are counted at every sixth
    trusted_proxies: tuple[str, ...] = ()
    tls_cert: str | None = None
    tls_key: str | None = None
    upkeep_seconds: float = 30.0
    keep_ended_days: int = 30  # ended sessions, and links that can no longer be used
    keep_drawings_days: int | None = None
    webhook_seconds: float | None = 1.0
    webhook_process: bool = False
    webhook_timeout_seconds: float = 10.0  # for one message, with the answer to it
    webhook_private: bool = False
    keep_deliveries_days: int = 14
    min_free_bytes: int = 16 * MEGABYTE  # on the disk of a SQLite database, below which `/readyz` answers 503

    def __post_init__(self) -> None:
        if not 1 <= self.invitation_hours <= 72:
            raise ValueError("invitation_hours must be from 1 to 72: a link that lives longer is a password.")
        if self.public_url is not None and not self.public_url.startswith(("http://", "https://")):
            raise ValueError("public_url must start with http:// or https://.")
        for proxy in self.trusted_proxies:  # never a name, never `*`: everybody could say where they come from
            ipaddress.ip_network(proxy)
