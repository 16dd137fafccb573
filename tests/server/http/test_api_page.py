"""`/docs`: the OpenAPI as a page that needs no other host; over a real uvicorn."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import httpx

from gonogo.server.http.api_page import render
from gonogo.server.settings import ServerSettings
from tests.server.http.conftest import uvicorn_over
from tests.server.http.fuzzing import DOCUMENT


class Page(HTMLParser):
    """Ids, links and elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.elements: set[str] = set()
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(str(value))
            if name == "href":
                self.links.append(str(value))
            if name in ("src", "srcset", "data", "action"):
                self.loads.append(str(value))


def get(url: str, path: str, method: str = "GET") -> httpx.Response:
    return httpx.request(method, f"{url}{path}", trust_env=False, timeout=60)


def settings_of(folder: Path, **more: bool) -> ServerSettings:
    return ServerSettings(database_url=f"sqlite:///{folder}/x.db", **more)  # type: ignore[arg-type]


def test_a_browser_reads_every_operation_and_model_without_another_host(tmp_path: Path) -> None:
    with uvicorn_over(settings_of(tmp_path)) as url:
        answer = get(url, "/docs")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert get(url, "/docs", "HEAD").status_code == 200
        document = get(url, "/openapi.json").json()
    page = Page(answer.text)
    operations = {o["operationId"] for methods in document["paths"].values() for o in methods.values()}
    assert operations <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert not page.elements & {"script", "link", "img", "iframe", "object", "form"}
    assert page.loads == []
    assert {link for link in page.links if not link.startswith("#")} == {"/openapi.json"}
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert re.findall(r"https?://", answer.text) == []


def test_without_docs_neither_the_page_nor_the_document_is_there(tmp_path: Path) -> None:
    with uvicorn_over(settings_of(tmp_path, docs=False)) as url:
        for path in ("/docs", "/openapi.json"):
            answer = get(url, path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
        assert get(url, "/api/v1/gonogo/capabilities").status_code == 200


def test_what_the_document_says_is_never_markup() -> None:
    hostile = "<script>alert(1)</script>"
    operation = {
        "operationId": "x",
        "tags": ["T"],
        "description": hostile,
        "responses": {"200": {"description": hostile}},
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": hostile, "version": hostile, "description": f"`{hostile}`"},
        "tags": [{"name": "T", "description": hostile}],
        "paths": {"/" + hostile: {"get": operation}},
        "components": {"schemas": {hostile: {"type": hostile, "description": hostile}}},
    }
    assert "<script" not in render(document)


def test_types_are_said_in_a_few_words() -> None:
    text = render(DOCUMENT)
    assert "<td><code>verdict</code><td><code>correct</code> or <code>incorrect</code> or <code>unsure</code>" in text
    assert "integer, 1…500" in text
    assert 'list of <a href="#model-LabelingTaskCreate">LabelingTaskCreate</a>' in text
