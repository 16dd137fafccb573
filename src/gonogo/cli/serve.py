"""`gonogo serve`: the labeling server for a team."""

from __future__ import annotations

import click

from gonogo.cli.common import current_home, fail, say


@click.command(
    epilog="""\b
Examples:
  gonogo serve                                         the workspace on this machine, on 127.0.0.1:8000
  gonogo serve --host 0.0.0.0 --public-url https://label.example.com
  gonogo serve --database sqlite:////srv/gonogo/gonogo.db
"""
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option(
    "--database",
    envvar="GONOGO_DATABASE_URL",
    show_envvar=True,
    metavar="URL",
    help="SQLite URL; default: the workspace on this machine.",
)
@click.option("--public-url", metavar="URL", help="What people reach the server by; magic links begin with it.")
def serve(host: str, port: int, database: str | None, public_url: str | None) -> None:
    """Run the labeling server until it is stopped (Ctrl-C, or SIGTERM); requests in flight are finished."""
    from gonogo.cli.embedded import workspace_url
    from gonogo.server.run import bind, run_server
    from gonogo.server.settings import ServerSettings

    home = current_home()
    if database is None:
        home.make(home.data())
        database = workspace_url(home)
    try:
        socket = bind(host, port)
    except OSError as error:
        fail(f"cannot listen on {host}:{port}: {error.strerror or error}", "Another --port may be free.")
    port = socket.getsockname()[1]
    url = public_url or f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104
    say(f"gonogo serves {url}  (OpenAPI: {url}/openapi.json)")
    say("Keys: `gonogo keys create --name lead`.  People: `gonogo assign CAMPAIGN EMAIL`.  Stop: Ctrl-C.")
    run_server(ServerSettings(database_url=database, public_url=url), socket)
