"""Chromium without a screen, driven over its DevTools protocol: a page's text, keys, pictures and requests."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from websockets.sync.client import ClientConnection, connect

from gonogo.json_types import JsonObject, JsonValue
from tests.e2e.tmux import wait_until

PROGRAM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = (
    "--headless",
    "--no-sandbox",  # the tests run as root in a container, where Chromium's sandbox can't
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)


class BrowserPage:
    """One page of a browser; its requests are recorded from the start."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self.requests: list[str] = []
        """URLs that the page asked for, WebSockets too."""
        self.messages: list[str] = []
        """Errors and warnings of the page."""
        self.frames = b""
        """Everything that the terminal of the page was sent: its canvas has no text to read."""
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: JsonValue) -> JsonObject:
        """Returns the result of a DevTools call."""
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._connection.recv(timeout=20))
            if message.get("id") == number:
                assert "error" not in message, message
                result: JsonObject = message["result"]
                return result
            self._record(message.get("method", ""), message.get("params", {}))

    def _record(self, event: str, parameters: JsonObject) -> None:
        match event, parameters:
            case "Network.requestWillBeSent", {"request": {"url": str(url)}}:
                self.requests.append(url)
            case "Network.webSocketCreated", {"url": str(url)}:
                self.requests.append(url)
            case "Network.webSocketFrameReceived", {"response": {"opcode": 2, "payloadData": str(payload)}}:
                self.frames += base64.b64decode(payload)
            case "Log.entryAdded", {"entry": {"text": str(text)}}:
                self.messages.append(text)
            case "Runtime.exceptionThrown", _:
                self.messages.append(json.dumps(parameters))

    def open(self, url: str) -> None:
        self.call("Page.navigate", url="about:blank")  # a change of the fragment alone would load nothing
        self.call("Page.navigate", url=url)

    def value(self, expression: str) -> JsonValue:
        """Returns the value of a JavaScript expression in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"]
        return result.get("value") if isinstance(result, dict) else None

    def text(self) -> str:
        return str(self.value("document.body ? document.body.innerText : ''"))

    def press(self, letter: str, *, control: bool = False) -> None:
        """One letter, down and up."""
        text: JsonObject = {} if control else {"text": letter}
        named: JsonObject = {
            "key": letter,
            "code": f"Key{letter.upper()}",
            "windowsVirtualKeyCode": ord(letter.upper()),
        }
        named["modifiers"] = 2 if control else 0
        self.call("Input.dispatchKeyEvent", type="keyDown", **named, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **named)

    def picture(self, path: Path) -> None:
        data = self.call("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(str(data)))


def _page_socket(port: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=10) as response:
        pages = [target for target in json.load(response) if target["type"] == "page"]
    return str(pages[0]["webSocketDebuggerUrl"])


@contextlib.contextmanager
def chromium(folder: Path, *, width: int = 1200, height: int = 800) -> Iterator[BrowserPage]:
    """A browser with an empty profile in `folder`; it and all its processes end with the block."""
    assert PROGRAM is not None
    profile = folder / "chromium"
    process = subprocess.Popen(
        [PROGRAM, *FLAGS, f"--window-size={width},{height}", f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "HOME": str(folder)},
    )
    try:
        address = profile / "DevToolsActivePort"
        wait_until(lambda: address.exists() and "\n" in address.read_text(), lambda: "Chromium did not start", 30)
        port = address.read_text().splitlines()[0]
        with connect(_page_socket(port), max_size=None) as connection:
            yield BrowserPage(connection)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
