"""Handler decorators: state the roles that may call a route, and how its handler runs.

They stand below the router's decorator, and may be combined.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from gonogo.server.auth.principals import Principal

Handler = Callable[..., Any]
Preparation = Callable[[Request, Principal], Awaitable[None]]
_OPTIONS, _ROLES = "gonogo_options", "gonogo_roles"


@dataclass(frozen=True)
class Options:
    """Deviations of one operation from the usual pipeline; set by `operation`."""

    public: bool = False
    """Needs no credential, so it has no caller, no limits and no idempotency key."""
    read_only: bool = False
    """A POST that changes nothing: a read transaction, no audit row, no idempotency key."""
    in_thread: bool = False
    """A read that takes long runs beside the event loop."""
    file_body: bool = False
    """The body is a file, not JSON, and may be as large as a drawing."""
    head: bool = False
    """A GET that answers HEAD, too; its handler looks at the method."""
    prepare: Preparation | None = None
    """Long work before the write transaction begins; refuses nothing."""


def operation(options: Options) -> Callable[[Handler], Handler]:
    """Decorator of a handler, below the router's: runs it with `options`."""

    def mark(handler: Handler) -> Handler:
        setattr(handler, _OPTIONS, options)
        return handler

    return mark


def open_to(*roles: str) -> Callable[[Handler], Handler]:
    """Decorator of a handler, below the router's: the roles that may call the operation."""

    def mark(handler: Handler) -> Handler:
        setattr(handler, _ROLES, roles)
        return handler

    return mark


def options_of(handler: Handler) -> Options:
    options: Options = getattr(handler, _OPTIONS, Options())
    return options


def roles_of(handler: Handler) -> tuple[str, ...]:
    """The roles of `open_to`; none for a handler without it."""
    roles: tuple[str, ...] = getattr(handler, _ROLES, ())
    return roles


IN_THREAD = operation(Options(in_thread=True))
PUBLIC = operation(Options(public=True))
FILE_BODY = operation(Options(file_body=True))
READ_ONLY = operation(Options(read_only=True))
