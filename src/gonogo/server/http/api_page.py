"""API page: `/docs`, the OpenAPI as one page of HTML that needs neither scripts nor another host.

FastAPI's own page loads Swagger UI from a content network, which a server in a closed house doesn't reach, and which
would see who reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

Node = Mapping[str, Any]
"""A part of the OpenAPI document: JSON, as FastAPI builds it."""
OPENAPI_PATH: Final = "/openapi.json"
_METHODS: Final = ("get", "post", "put", "patch", "delete")
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_STYLE: Final = """\
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
td { overflow-wrap: anywhere }
code { font-family: ui-monospace, monospace; font-size: .92em }
h2 { margin-top: 3rem; border-bottom: 1px solid }
h3 { margin: 2rem 0 .3rem }
table { border-collapse: collapse; margin: .5rem 0 }
th, td { text-align: left; vertical-align: top; padding: .15rem 1rem .15rem 0 }
nav ul { columns: 16rem; padding-left: 1rem }
summary { cursor: pointer }
"""


def add_to(app: FastAPI) -> None:
    """Adds the page outside the OpenAPI; it is rendered when somebody first asks for it."""
    rendered: list[str] = []

    async def api_page(_request: Request) -> Response:
        if not rendered:
            rendered.append(render(app.openapi()))
        return HTMLResponse(rendered[0], headers=_HEADERS)

    app.add_api_route("/docs", api_page, methods=["GET", "HEAD"], include_in_schema=False, response_model=None)


def render(document: Node) -> str:
    """The page of an OpenAPI 3.1 document whose operations have one tag each."""
    title = escape(f"{document['info']['title']} {document['info']['version']}")
    return "\n".join(
        [
            f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>',
            f'<meta name="viewport" content="width=device-width">\n<style>\n{_STYLE}</style>',
            f"<h1>{title}</h1>\n{_prose(document['info'].get('description', ''))}",
            f'<p>For programs: <a href="{OPENAPI_PATH}"><code>{OPENAPI_PATH}</code></a>.</p>',
            *_credentials(document),
            *_contents(document),
            *_operations(document),
            *_models(document),
            "</html>\n",
        ]
    )


def _credentials(document: Node) -> Iterator[str]:
    yield "<h2>Credentials</h2>\n<table>"
    for scheme in document["components"].get("securitySchemes", {}).values():
        header = scheme.get("name") or "Authorization: Bearer"
        yield f"<tr><td><code>{escape(header)}</code><td>{_inline(scheme['description'])}"
    yield "</table>"


def _contents(document: Node) -> Iterator[str]:
    yield "<nav><h2>Contents</h2><ul>"
    for tag in document["tags"]:
        yield f'<li><a href="#{_anchor("tag", tag["name"])}">{escape(tag["name"])}</a>'
    yield '<li><a href="#models">Models</a></ul></nav>'


def _operations(document: Node) -> Iterator[str]:
    for tag in document["tags"]:
        yield f'<h2 id="{_anchor("tag", tag["name"])}">{escape(tag["name"])}</h2>\n{_prose(tag["description"])}'
        for path, methods in document["paths"].items():
            for method in _METHODS:
                operation = methods.get(method)
                if operation is not None and tag["name"] in operation["tags"]:
                    yield from _operation(method, path, operation)


def _operation(method: str, path: str, operation: Node) -> Iterator[str]:
    yield f'<h3 id="{escape(operation["operationId"])}"><code>{method.upper()} {escape(path)}</code></h3>'
    yield _prose(operation["description"])
    if not operation.get("security"):
        yield "<p>Needs no credential.</p>"
    parameters = operation.get("parameters", ())
    body = operation.get("requestBody")
    if parameters or body:
        yield "<table><tr><th>Send<th>where<th>type<th>"
        for given in parameters:
            name, place = escape(given["name"]), f"{given['in']}{', required' if given.get('required') else ''}"
            text = _inline(given.get("description", ""))
            yield f"<tr><td><code>{name}</code><td>{place}<td>{_type(given['schema'])}<td>{text}"
        for media, content in (body or {"content": {}})["content"].items():
            yield f"<tr><td>{escape(media)}<td>body<td>{_type(content.get('schema', {}))}<td>"
        yield "</table>"
    yield "<details><summary>Answers</summary><table>"
    for status, answer in operation["responses"].items():
        kinds = ", ".join(_type(content.get("schema", {})) for content in answer.get("content", {}).values())
        yield f"<tr><td>{escape(status)}<td>{kinds}<td>{_inline(answer['description'])}"
    yield "</table></details>"


def _models(document: Node) -> Iterator[str]:
    yield '<h2 id="models">Models</h2>'
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f'<h3 id="{_anchor("model", name)}"><code>{escape(name)}</code></h3>'
        yield _prose(schema.get("description", ""))
        required = schema.get("required", ())
        fields = schema.get("properties", {})
        if not fields:
            yield f"<p>{_type(schema)}</p>"
            continue
        yield "<table>"
        for field, kind in fields.items():
            needed, text = "required" if field in required else "", _inline(kind.get("description", ""))
            yield f"<tr><td><code>{escape(field)}</code><td>{_type(kind)}<td>{needed}<td>{text}"
        yield "</table>"


def _type(schema: Node) -> str:
    """A schema in a few words of HTML."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f'<a href="#{_anchor("model", name)}">{escape(name)}</a>'
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(word))}</code>" for word in schema["enum"])
    if "const" in schema:
        return f"<code>{escape(str(schema['const']))}</code>"
    parts = schema.get("anyOf") or schema.get("oneOf")
    if parts and "properties" not in schema:
        return " or ".join(dict.fromkeys(map(_type, parts)))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(str(schema.get("type", "anything"))) + _limits(schema)


def _limits(schema: Node) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None and high is None:
        return ""
    return f", {'' if low is None else f'{low:g}'}…{'' if high is None else f'{high:g}'}"


def _prose(text: str) -> str:
    """Paragraphs of a docstring."""
    return "\n".join(f"<p>{_inline(part)}</p>" for part in text.split("\n\n") if part.strip())


def _inline(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _anchor(kind: str, name: str) -> str:
    return escape(f"{kind}-{re.sub(r'[^A-Za-z0-9]+', '-', name)}")
