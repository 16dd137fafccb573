"""Landing page: the answer to a browser that opens an invitation link, which leads to the root of the server.

The token stands behind `#`, so it never reaches the server, and the page runs nothing that could read it.
"""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from gonogo.server.errors import answer, not_found

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept",
}
_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>gonogo labeling server</title>
<style>
  :root { color-scheme: light dark }
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto; padding: 0 1rem }
  kbd { font-family: ui-monospace, monospace }
</style>
<h1>Paste this link into gonogo</h1>
<p>This is a gonogo labeling server. It is used from a terminal, not from a browser.</p>
<ol>
  <li>Copy the whole link from the address bar or from your invitation.</li>
  <li>Run <kbd>gonogo</kbd> in a terminal.</li>
  <li>Paste the link and press Enter. It works once.</li>
</ol>
<p>No gonogo yet? Ask the person who invited you.</p>
</html>
"""


def add_to(app: FastAPI) -> None:
    """Adds the page at the root, outside the OpenAPI."""
    app.add_api_route("/", landing_page, include_in_schema=False, response_model=None, methods=["GET", "HEAD"])


async def landing_page(request: Request) -> Response:
    """Answers a browser with the page, and a program with the 404 of any path that is not there."""
    if "text/html" not in request.headers.get("accept", ""):
        return answer(request, not_found())
    return HTMLResponse(_PAGE, headers=_HEADERS)
