"""Landing page: a browser that opens a link learns what to do with it; a program gets the usual 404."""

from __future__ import annotations

import httpx

from tests.server.http.test_envelope import assert_error, assert_headers

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


async def test_a_browser_at_the_origin_of_a_link_reads_what_to_do_with_it(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.get("/", headers=BROWSER)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "Paste this link into gonogo" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert_headers(answer)
    assert (await anyone.head("/", headers=BROWSER)).status_code == 200


async def test_a_program_at_the_root_gets_the_envelope(anyone: httpx.AsyncClient) -> None:
    assert_error(await anyone.get("/", headers={"Accept": "application/json"}), 404, "not_found")
    assert_error(await anyone.get("/nothing", headers=BROWSER), 404, "not_found")
