"""Counted nouns: a number with its noun in the singular or plural, for messages of server, client and screens."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """Returns number and noun; `plural` where it isn't the noun with an s."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or f'{noun}s'}"
