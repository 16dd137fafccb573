"""Counted nouns in sentences for people: `1 task`, `2 tasks`, `0 people`."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """Returns number and noun; `plural` where it isn't the noun with an s."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or f'{noun}s'}"
