"""CONNECT proxy: a small real one, on loopback, that sends every name to this machine and records what it was asked."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class ConnectProxy:
    """`asked` are the targets; with a `password` others than `user` get 407; `refuse` answers 403 to all."""

    port: int = 0
    password: str = ""
    refuse: bool = False
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def connect_proxy(*, password: str = "", refuse: bool = False) -> Iterator[ConnectProxy]:
    proxy = ConnectProxy(password=password, refuse=refuse)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy.port = listener.getsockname()[1]
        listener.settimeout(0.1)
        ended = threading.Event()
        workers: list[threading.Thread] = []

        def accept() -> None:
            while not ended.is_set():
                try:
                    client, _address = listener.accept()
                except TimeoutError:
                    continue
                worker = threading.Thread(target=_serve, args=(proxy, client, ended))
                worker.start()
                workers.append(worker)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield proxy
        finally:
            ended.set()
            for one in (thread, *workers):
                one.join(10)


def _serve(proxy: ConnectProxy, client: socket.socket, ended: threading.Event) -> None:
    with client, contextlib.suppress(OSError):
        client.settimeout(10)
        head = b""
        while b"\r\n\r\n" not in head and (piece := client.recv(4096)):
            head += piece
        request, *lines = head.decode("latin-1").split("\r\n")
        target = request.split(" ")[1] if request.startswith("CONNECT ") else ""
        proxy.asked.append(target or request)
        wanted = "basic " + base64.b64encode(f"user:{proxy.password}".encode()).decode()
        sent = {line.partition(":")[2].strip().lower() for line in lines if line.lower().startswith("proxy-auth")}
        if proxy.password and wanted.lower() not in sent:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        elif proxy.refuse or not target:
            client.sendall(b"HTTP/1.1 403 Forbidden by the house\r\nContent-Length: 0\r\n\r\n")
        else:
            with socket.create_connection(("127.0.0.1", int(target.rpartition(":")[2])), 10) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                _relay(client, server, ended)


def _relay(client: socket.socket, server: socket.socket, ended: threading.Event) -> None:
    def copy(source: socket.socket, target: socket.socket) -> None:
        source.settimeout(0.2)
        with contextlib.suppress(OSError):
            while not ended.is_set():
                try:
                    piece = source.recv(65536)
                except TimeoutError:
                    continue
                if not piece:
                    break
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    back = threading.Thread(target=copy, args=(server, client))
    back.start()
    copy(client, server)
    back.join(10)
