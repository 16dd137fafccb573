"""`gonogo web`: shows the workstation in a browser, for the person at this machine."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import click

from gonogo.cli.support.exit_codes import EXIT_USAGE, echo_err, fail
from gonogo.client.transport.http_transport import is_loopback


@click.command(
    epilog="""\b
Examples:
  gonogo web   a link for the browser on this machine
  gonogo demo --prepare && gonogo web   the sample project in the browser
  gonogo web --port 9000   another port
  # behind a proxy that speaks https
  gonogo web --public-url https://check.example.com
"""
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8790, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--public-url", metavar="URL", help="What the page is reached by, https; the link begins with it.")
def web(host: str, port: int, public_url: str | None) -> None:
    """Show the workstation in a browser, until it is stopped (Ctrl-C).

    The link works once, within five minutes, for one browser; Enter makes a new one. Whoever opens it works with this
    home, as you: the link is for the person at this machine. Others get a link of their own by `gonogo assign`.
    """
    _check_address(host, public_url)
    try:
        from gonogo.cli.browser.page_server import PageAddress, PageServer, listen, run_page_server  # the extra `web`
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("aiohttp", "textual_serve"):
            raise
        fail(
            f"the workstation in a browser needs the extra `web`, which is not installed ({error.name})",
            'pip install textual-serve, or in the clone pip install ".[web]".',
        )
    try:
        listening = listen(host, port)
    except OSError as error:
        fail(f"cannot listen on {host}:{port}: {error.strerror or error}", "Another --port may be free.")
    port = listening.getsockname()[1]
    url = public_url.rstrip("/") if public_url else f"http://{f'[{host}]' if ':' in host else host}:{port}"
    echo_err("Whoever opens this link works as you, in one browser. It works once, within 5 minutes.")
    echo_err("Enter: a new link.  Stop: Ctrl-C.")
    run_page_server(PageServer(PageAddress(port, url), _print_link, _environment(public_url)), listening)


def _check_address(host: str, public_url: str | None) -> None:
    """Ends the command where others could read or open the page."""
    if public_url is None:
        if not is_loopback(host):
            fail(
                f"--host {host} lets other machines in, and they need an address that nobody else can read",
                "Give --public-url https://…, with a proxy that speaks https before this; or leave --host out.",
                EXIT_USAGE,
            )
        return
    parts = urlsplit(public_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        fail(
            f"--public-url {public_url} is no address of a page", "Give one like https://check.example.com.", EXIT_USAGE
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        fail(
            f"--public-url {public_url} would carry link and cookie readable over the network",
            "Give an https address; plain http works on this machine only.",
            EXIT_USAGE,
        )


def _environment(public_url: str | None) -> dict[str, str]:
    """Environment of the apps; behind a proxy none opens a picture viewer on this machine's screen."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY") if public_url else ()
    return {name: value for name, value in os.environ.items() if name not in screens}


def _print_link(link: str) -> None:
    click.echo(link)
