"""Result of one check of `gonogo doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Check:
    """Result of one check. `bad` means that something does not work, `note` that it is limited."""

    name: str
    state: Literal["ok", "note", "bad"]
    found: str  # the name in --json
    next_step: str = ""
