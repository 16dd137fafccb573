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


def disk_refused(error: Exception) -> OutboxError:
    """What an error of SQLite or of the system means for the answer that was to be saved."""
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
