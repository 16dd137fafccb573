"""What can go wrong on the desk itself. Each error says what happened, and `next_step` what to do."""

from __future__ import annotations


class DeskError(Exception):
    """`str(error)` says what happened and what it means for the work; `next_step` what to do now."""

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.next_step = next_step


class OutboxError(DeskError):
    """The answer could not be saved; it is not counted as given, and its task stays on the screen."""


class SignInError(DeskError):
    """What was typed cannot be used to sign in."""
