"""Network options: certificates and proxies of the house, for every connection that gonogo itself makes.

Certificates are judged by the system's own store (truststore), and a house adds its file. No context here writes TLS
keys, whatever `SSLKEYLOGFILE` says: `ssl.create_default_context` and httpx would. A proxy is used for https alone.
"""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

CA_FILE = "GONOGO_CA_FILE"
"""Environment variable: file of certificates (PEM) that are trusted beside the system's; `--ca-file` sets it."""

_PEM_START = b"-----BEGIN CERTIFICATE-----"


class NetworkOptionsError(Exception):
    """An option that cannot be used; the message names it and the next step."""


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """Options of the connections to one server. Without `proxy`, `HTTPS_PROXY` is not asked.

    `plain_http` is for a server that gets no credential: it may be on another machine without TLS.
    """

    proxy: bool = True
    plain_http: bool = False


@dataclass(frozen=True, slots=True)
class HttpProxy:
    """Proxy for https: its URL (which may hold a password), and its host and port, which may be shown."""

    url: str
    shown: str

    def __repr__(self) -> str:
        return f"HttpProxy({self.shown!r})"


def tls_context() -> ssl.SSLContext:
    """TLS context of a client: trusts what this system trusts, and the certificates of `GONOGO_CA_FILE`.

    Raises:
        NetworkOptionsError: the file cannot be read, or holds no certificate or a damaged one.
    """
    import truststore  # deferred: a server on this machine without TLS needs none

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    path = os.environ.get(CA_FILE)
    if path:
        load_ca_file(context, path)
    return context


def load_ca_file(context: ssl.SSLContext, path: str) -> None:
    """Makes `context` trust the certificates of a PEM file, too. Raises `NetworkOptionsError`."""
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        with open(path, "rb") as file:
            is_damaged = _PEM_START in file.read()
        problem = "holds a damaged certificate" if is_damaged else "holds no certificate in PEM form"
        step = "copy the file again, or name another --ca-file" if is_damaged else "name another --ca-file"
        raise NetworkOptionsError(f"{path} {problem} ({_PEM_START.decode()}): {step}.") from None
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror}): name another --ca-file, or clear {CA_FILE}."
        raise NetworkOptionsError(message) from None


def proxy_for(url: str) -> HttpProxy | None:
    """Proxy of the environment for an https URL: `HTTPS_PROXY`, unless `NO_PROXY` names the host.

    Raises:
        NetworkOptionsError: it is no http proxy; silently going without one could go past the house's rules.
    """
    from urllib import request  # deferred: 20 ms

    parts = urlsplit(url)
    given = request.getproxies_environment().get("https")
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme != "https" or not given:
        return None
    if request.proxy_bypass_environment(host):  # type: ignore[attr-defined]  # typeshed has it not; CPython since 3.0
        return None
    address = given if "://" in given else f"http://{given}"
    try:
        proxy = urlsplit(address)
        port = proxy.port or {"http": 80, "https": 443}.get(proxy.scheme)
    except ValueError:
        port = None
    if port is None or not proxy.hostname or proxy.scheme not in ("http", "https"):
        message = "HTTPS_PROXY is not the address of an http proxy: give it like http://proxy.example.com:3128."
        raise NetworkOptionsError(message)
    return HttpProxy(address, f"{proxy.hostname}:{port}")


def context_to_proxy(proxy: HttpProxy, context: ssl.SSLContext) -> ssl.SSLContext | None:
    """The context for the connection to the proxy itself; `None` for one that speaks plain http."""
    return context if proxy.url.startswith("https:") else None
