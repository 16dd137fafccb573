"""Exceptions of the desk itself; those of the server are in `gonogo.client.errors`."""

from __future__ import annotations


class DeskError(Exception):
    """Base of the desk's errors: `str(error)` tells what happened and what follows, `next_step` what to do."""

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.next_step = next_step


class OutboxError(DeskError):
    """Error of the outbox: the answer was not saved, and its task stays on the screen."""


class SignInError(DeskError):
    """Error of a sign-in that cannot be tried, such as a link without a server."""


def disk_refused(error: Exception) -> OutboxError:
    """Returns the `OutboxError` with a message for an error of SQLite or of the system."""
    text = str(error).lower()
    if "full" in text or "no space" in text or "too large" in text or "quota" in text:
        return OutboxError(
            "The disk is full: this answer is not saved, and its question stays here. What was saved before is safe.",
            "Make room on the disk, then press the key again.",
        )
    if "locked" in text or "busy" in text:
        return OutboxError(
            "Another program is holding the outbox: this answer is not saved, and its question stays here.",
            "Press the key again; if it stays, look for another gonogo on this home.",
        )
    if "readonly" in text or "read-only" in text or "permission" in text:
        return OutboxError(
            f"The outbox cannot be written ({error}): this answer is not saved, and its question stays here.",
            "Check who may write in the state folder (`gonogo doctor` names it).",
        )
    return OutboxError(
        f"The outbox could not be written ({error}): this answer is not saved, and its question stays here.",
        "Press the key again; if it stays, run `gonogo doctor`.",
    )
