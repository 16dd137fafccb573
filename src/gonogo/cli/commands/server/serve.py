"""`gonogo serve`: runs the labeling server for a team."""

from __future__ import annotations

import contextlib
import importlib.util
import ipaddress
import os
import socket
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from gonogo.cli.support.database import open_store, workspace
from gonogo.cli.support.exit_codes import EXIT_USAGE, echo_err, fail
from gonogo.cli.support.options import F
from gonogo.cli.support.output import print_json
from gonogo.cli.support.tables import Fit, TableColumn, print_table
from gonogo.desk.core.paths import AppPaths
from gonogo.embedded.team_server import recorded
from gonogo.server.drawing_places.place import PlaceAwayError
from gonogo.server.drawing_places.place_url import DATABASE_URL
from gonogo.server.drawing_places.remembered import DrawingPlaces, describe
from gonogo.server.ops.logging import configure_logging
from gonogo.server.ops.preflight import run_checks
from gonogo.server.run import bind, run_server, run_workers
from gonogo.server.settings import ServerSettings
from gonogo.server.store.errors import SchemaError


def _networks(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    for address in given:
        try:
            ipaddress.ip_network(address)
        except ValueError:
            message = f"{address!r} is no address or network: give one like 10.0.0.5 or 10.0.0.0/24."
            raise click.BadParameter(message) from None
    return given


def _rate_option(name: str, default: int, help_text: str) -> Callable[[F], F]:
    """Option of a limit on requests a minute."""
    return click.option(name, default=default, show_default=True, type=click.IntRange(0), metavar="N", help=help_text)


@click.command(
    epilog="""\b
Examples:
  gonogo serve   the workspace on this machine, on 127.0.0.1:8000
  gonogo serve --host 0.0.0.0 --public-url https://label.example.com
  gonogo serve --database postgresql://gonogo@db/gonogo --workers 4 \\
      --metrics --log -
  gonogo serve --host 0.0.0.0 --port 443 --tls-cert label.pem \\
      --tls-key label.key
  gonogo serve --public-url https://label.example.com \\
      --trusted-proxy 10.0.0.5
  gonogo serve --drawings file:///srv/gonogo/drawings
  gonogo serve --database postgresql://gonogo@db/gonogo --check
"""
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option(
    "--database",
    envvar="GONOGO_DATABASE_URL",
    show_envvar=True,
    metavar="URL",
    help="SQLite or PostgreSQL URL; default: the workspace on this machine. A password belongs into the variable.",
)
@click.option(
    "--read-database",
    envvar="GONOGO_READ_DATABASE_URL",
    show_envvar=True,
    metavar="URL",
    help="A read replica of the database; results, exports and quality reports are read there.",
)
@click.option(
    "--drawings",
    envvar="GONOGO_DRAWINGS_URL",
    show_envvar=True,
    metavar="URL",
    help="Where the drawings' bytes lie: file:///folder, s3://bucket/prefix?endpoint=…, or database:. The database"
    " remembers it; default: what it remembers, at first the database itself.",
)
@click.option(
    "--keep-drawings-days",
    type=click.IntRange(min=1),
    metavar="DAYS",
    help="Delete drawings this long after the last campaign that uses them was closed; default: never.",
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that answer.")
@click.option("--public-url", metavar="URL", help="What people reach the server by; magic links begin with it.")
@click.option(
    "--tls-cert",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Certificate of this server with its chain, PEM; then it speaks https.",
)
@click.option(
    "--tls-key",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Private key of --tls-cert, PEM, without a passphrase.",
)
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    metavar="ADDRESS",
    callback=_networks,
    help="Address or network of a proxy whose X-Forwarded-For counts; may be given several times; default: none.",
)
@_rate_option("--key-rate", 1200, "Requests a minute of one API key or session; 0 is no limit.")
@_rate_option(
    "--caller-rate", 600, "Requests a minute of one person or user, over all keys and sessions; 0 is no limit."
)
@_rate_option("--sign-in-rate", 10, "Failed sign-ins a minute from one address; 0 is no limit.")
@click.option(
    "--webhook-private",
    is_flag=True,
    envvar="GONOGO_WEBHOOK_PRIVATE",
    show_envvar=True,
    help="Webhooks may go to this server's own network, also by plain http; default: to the internet by https only.",
)
@click.option("--log", metavar="FILE", help="Write a log, one JSON object a line; - is standard error.")
@click.option(
    "--log-level",
    default="info",
    show_default=True,
    type=click.Choice(["info", "warning", "error"]),
    help="info logs every request.",
)
@click.option(
    "--metrics",
    is_flag=True,
    help="Answer /metrics for Prometheus: to this machine, or to who sends the token of GONOGO_METRICS_TOKEN.",
)
@click.option(
    "--docs/--no-docs",
    default=True,
    show_default=True,
    help="Describe the API on /docs, a page for people, and /openapi.json, for programs.",
)
@click.option("--check", is_flag=True, help="Look at database and settings, say what is found, and end.")
@click.option("--json", "as_json", is_flag=True, help="With --check: print JSON for machines.")
def serve(
    host: str,
    port: int,
    database: str | None,
    read_database: str | None,
    drawings: str | None,
    keep_drawings_days: int | None,
    workers: int,
    public_url: str | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    trusted_proxies: tuple[str, ...],
    key_rate: int,
    caller_rate: int,
    sign_in_rate: int,
    webhook_private: bool,
    log: str | None,
    log_level: str,
    metrics: bool,
    docs: bool,
    check: bool,
    as_json: bool,
) -> None:
    """Run the labeling server until it is stopped (Ctrl-C, or SIGTERM); requests in flight are finished."""
    here = workspace()
    database = database or here
    if check:
        raise SystemExit(_print_checks(database, read_database, public_url, host, drawings, as_json=as_json))
    if as_json:
        fail("--json goes with --check", "`--log -` writes a running server's log as JSON lines.", EXIT_USAGE)
    _check_urls(database, read_database)
    _check_certificate(tls_cert, tls_key)
    if metrics:
        _check_metrics()
    try:
        listening = bind(host, port)
    except OSError as error:
        fail(f"cannot listen on {host}:{port}: {error.strerror or error}", "Another --port may be free.")
    port = listening.getsockname()[1]
    scheme = "http" if tls_cert is None else "https"
    url = public_url or f"{scheme}://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104
    with contextlib.ExitStack() as stack:
        if database == here:  # so that `gonogo assign` on this home makes links to this server
            stack.enter_context(recorded(AppPaths(), url, public=public_url is not None))
        echo_err(f"gonogo serves {url}" + (f"  (its API: {url}/docs)" if docs else ""))
        echo_err("Keys: `gonogo keys create lead`.  People: `gonogo assign CAMPAIGN EMAIL`.  Stop: Ctrl-C.")
        shared = None
        if metrics and workers > 1:
            shared = stack.enter_context(tempfile.TemporaryDirectory(prefix="gonogo-metrics-"))
        settings = ServerSettings(
            database_url=database,
            read_database_url=read_database,
            drawings_url=drawings,
            public_url=url,
            keep_drawings_days=keep_drawings_days,
            docs=docs,
            metrics=metrics,
            metrics_token=os.environ.get("GONOGO_METRICS_TOKEN") or None,
            metrics_dir=shared,
            requests_per_minute_per_key=key_rate or None,
            requests_per_minute_per_caller=caller_rate or None,
            redeem_failures_per_minute=sign_in_rate or None,
            webhook_private=webhook_private,
            webhook_process=True,
            share_limits=True if workers > 1 else None,
            trusted_proxies=trusted_proxies,
            tls_cert=None if tls_cert is None else str(tls_cert),
            tls_key=None if tls_key is None else str(tls_key),
        )
        _run(settings, listening, workers, (log, log_level) if log else None)


def _run(settings: ServerSettings, listening: socket.socket, workers: int, log: tuple[str, str] | None) -> None:
    if log is not None:
        configure_logging(*log)
    try:
        _settle_drawings(settings)
        if workers == 1:
            run_server(settings, listening)
        elif run_workers(settings, listening, workers, log):
            fail("the workers end as soon as they start", "`gonogo serve --check` and `--log -` say more.")
    except SchemaError as error:
        fail(str(error))
    except SQLAlchemyError as error:
        fail(f"the database cannot be used ({type(error).__name__})", "`gonogo serve --check` says what is wrong.")


def _settle_drawings(settings: ServerSettings) -> None:
    """Settles on the place of the drawings, and says where it is and that it can't be reached.

    Raises `PlaceError` for a wrong one.
    """
    with open_store(settings.database_url) as store:
        store.upgrade()
        places = DrawingPlaces(store)
        url = places.choose(settings.drawings_url, datetime.now(UTC))
        if url == DATABASE_URL:
            return
        echo_err(f"Drawings lie in {url}.")
        try:
            places.require_reachable()
        except PlaceAwayError as error:
            echo_err(f"Warning: {describe(error)} Drawings can't be shown or stored until then.")


def _check_urls(database: str, read_database: str | None) -> None:
    """Ends the command when a URL is malformed, or its driver is not installed."""
    for url in filter(None, (database, read_database)):
        with open_store(url):
            pass


def _check_metrics() -> None:
    """Ends the command when the extra is missing, or the token is one that a header can't carry."""
    if importlib.util.find_spec("prometheus_client") is None:
        fail("--metrics needs the package prometheus-client", "pip install prometheus-client, or leave --metrics out.")
    token = os.environ.get("GONOGO_METRICS_TOKEN", "")
    if not (token.isascii() and token.isprintable()) or " " in token:
        fail("GONOGO_METRICS_TOKEN has characters that no header carries", "Take letters and digits.", EXIT_USAGE)


def _check_certificate(cert: Path | None, key: Path | None) -> None:
    """Ends the command when certificate and key cannot be used, as a server process would without a word."""
    if cert is None and key is None:
        return
    if cert is None or key is None:
        fail("--tls-cert and --tls-key go together: give both, or none", code=EXIT_USAGE)
    for file in (cert, key):
        try:
            file.read_bytes()
        except OSError as error:
            fail(f"{file} cannot be read ({error.strerror})", "Give the account of the server the right to read it.")
    try:
        # Without this password OpenSSL would ask for one on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=lambda: "")
    except (ssl.SSLError, ValueError) as error:
        mismatch = "MISMATCH" in str(getattr(error, "reason", ""))
        what = f"{key} is not the key of {cert}" if mismatch else f"{cert} and {key} cannot be used"
        fail(what, "Both are PEM files: the server's certificate first, then its chain; the key without a passphrase.")


def _print_checks(
    database: str, read_database: str | None, public_url: str | None, host: str, drawings: str | None, *, as_json: bool
) -> int:
    """Prints the findings; returns the exit code, 1 when one is a problem."""
    with open_store(database, replica=read_database) as store:
        findings = run_checks(store, public_url, host, drawings)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        columns = (TableColumn("level"), TableColumn("finding", Fit.FOLD))
        print_table(columns, [[finding.level, finding.text] for finding in findings])
    return int(any(finding.level == "problem" for finding in findings))
