"""`gonogo login` and `gonogo logout`: store and delete the credential of this machine, without opening the app."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gonogo.cli.support.errors import run
from gonogo.cli.support.exit_codes import EXIT_USAGE, echo_err, fail
from gonogo.cli.support.options import json_option
from gonogo.cli.support.output import print_json
from gonogo.desk.account.identity import THIS_RUN, SignedIn
from gonogo.desk.core.paths import AppPaths
from gonogo.embedded.app_composition import make_services


class SecretCommand(click.Command):
    """Command whose secret is no argument: an argument is in the shell's history, and not repeated here."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        typed = len(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if "unexpected extra argument" not in str(error) or not typed:
                raise
            raise click.UsageError(
                "A link, token or key is no argument: others on this machine can read it there, and it stays in your "
                "shell's history. Paste it when asked, and ask for a new one if this one was real.",
                ctx,
            ) from None


@click.command(
    cls=SecretCommand,
    epilog="""\b
Examples:
  gonogo login   asks for the link; nothing is shown while you paste
  pass show gonogo/key | gonogo login --key \\
      --base-url https://label.example.com
""",
)
@click.option("--key", "with_key", is_flag=True, help="Sign in with an API key instead of a magic link.")
@click.option("--keep-in-file", is_flag=True, help="Without a keyring: keep it in a file only you can read; don't ask.")
@click.option("--base-url", envvar="GONOGO_BASE_URL", show_envvar=True, metavar="URL", help="The server.")
@json_option
def login(with_key: bool, keep_in_file: bool, base_url: str | None, as_json: bool) -> None:
    """Sign in with a magic link, a token, or an API key; the secret is asked for, never given as an argument."""
    what = "API key" if with_key else "link or token"
    secret = click.prompt(what, hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.read().strip()
    if not secret:
        fail(f"no {what} was given", "Paste it at the prompt, or pipe it in.", EXIT_USAGE)
    if with_key and not base_url:
        fail("an API key needs its server's address", "Add --base-url https://…", EXIT_USAGE)
    signed = run(_login(secret, with_key, keep_in_file, base_url))
    if as_json:
        print_json({name: getattr(signed, name) for name in ("name", "role", "base_url", "storage")})


async def _login(secret: str, with_key: bool, keep_in_file: bool, base_url: str | None) -> SignedIn:
    services = make_services(AppPaths())
    try:
        if with_key:
            signed = await services.sign_in_key(secret, base_url or "")
        else:
            signed = await services.sign_in_link(secret, base_url)
        if signed.storage == THIS_RUN and (keep_in_file or _agrees(services.home.credential_file())):
            signed = await services.keep_in_file(signed)
    finally:
        await services.aclose()
    echo_err(f"Signed in as {signed.name} ({signed.role}) at {signed.base_url}; kept in: {signed.storage}.")
    if signed.storage == THIS_RUN:
        echo_err(f"{signed.note} Sign in again with --keep-in-file, or set GONOGO_API_KEY.")
    return signed


def _agrees(path: Path) -> bool:
    """Asks at a terminal whether the session may be kept in a file."""
    if not sys.stdin.isatty():
        return False
    echo_err("There is no keyring here, so this sign-in would end with the command.")
    return click.confirm(f"Keep it in a file only you can read ({path})?", default=False, err=True)


@click.command(epilog="\b\nExample:\n  gonogo logout")
@json_option
def logout(as_json: bool) -> None:
    """Forget the credential and the cached drawings. Verdicts that are not sent yet stay in the outbox."""
    run(_logout())
    if as_json:
        print_json({"signed_in": False})


async def _logout() -> None:
    services = make_services(AppPaths())
    try:
        await services.sign_out()
    finally:
        await services.aclose()
    echo_err("Signed out. Unsent answers are kept: `gonogo outbox list`.")
