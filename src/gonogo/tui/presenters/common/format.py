"""Formats shared by all presenters, widgets and screens: verdict signs, values, ids, times, shares, bars."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from gonogo.desk.core.models import HELP
from gonogo.schemas.verdicts import VERDICTS
from gonogo.tui.text import one_line, styled
from gonogo.values import format_text, from_json
from gonogo.values.characters import visible, without_hidden


def verdict_sign(verdict: str) -> tuple[str, str]:
    """Returns sign and colour of a verdict, or of a question to the lead; a dot for a verdict of another server."""
    if verdict == HELP:
        return "»", "$accent"
    traits = VERDICTS.get(verdict)
    return (traits.sign, f"${traits.color}") if traits is not None else ("•", "$foreground")


def styled_verdict(word: str | None) -> Content:
    """Verdict with its sign, `✗ incorrect`; readable without colour."""
    name = one_line(word or "–", 20)
    sign, color = verdict_sign(name)
    return Content.assemble((sign, f"bold {color}"), " ", (name, color))


def styled_answer(word: str | None, corrected_value: object, limit: int = 40) -> Content:
    """Verdict with the corrected value where there is one: `✗ incorrect → 16,6`."""
    if corrected_value is None:
        return styled_verdict(word)
    return Content.assemble(styled_verdict(word), (" → ", "$quiet"), styled_value(corrected_value, limit))


def styled_value(reading: object, limit: int = 40) -> Content:
    """Value in the strong colour, at most `limit` characters; `–` for none."""
    return styled(value_text(reading, limit) or "–", "bold $strong")


def value_text(value: object, limit: int = 2_000) -> str:
    """Value on one line, character for character, hidden ones written out: its own text, else as a drawing has it."""
    text = visible(reading(value)[: limit + 1])
    return text if len(text) <= limit else text[: limit - 1] + "…"


def editable_text(value: object) -> str:
    """Value as the edit line starts with it: without hidden characters and line ends."""
    return without_hidden(reading(value))


def reading(value: object) -> str:
    """Text of a value as it came: its own, else as a drawing has it."""
    text = value.get("text") if isinstance(value, dict) else value
    return text if isinstance(text, str) else format_text(from_json(value)) if value is not None else ""


def short_id(identifier: str) -> str:
    """Id as far as a person compares it: the first eight characters of a UUID, else up to 24."""
    text = one_line(identifier, 64)
    return text[:8] + "…" if len(text) == 36 and text.count("-") == 4 else one_line(text, 24)


def percent(share: float | None) -> str:
    """Share 0…1 as `67%`; `–` for none."""
    return "–" if share is None else f"{share:.0%}"


def bar(filled: int, blocks: int) -> str:
    """Bar of `blocks` cells, `▮▮▮▯▯`."""
    return "▮" * filled + "▯" * (blocks - filled)


def share_bar(share: float | None, blocks: int = 5) -> str:
    """Share 0…1 with a bar, `.67 ▮▮▮▯▯`; `–` for none."""
    if share is None:
        return "–"
    number = "1.0" if share >= 0.995 else f"{share:.2f}"[1:]
    return f"{number} {bar(int(share * blocks + 0.5), blocks)}"


def harm_bar(harm: float | None, blocks: int = 4) -> str:
    """Expected harm with a bar, `0.45 ▮▮▯▯`; the bar ends at 1. `–` for none."""
    if harm is None:
        return "–"
    return f"{harm:.2f} {bar(round(min(max(harm, 0.0), 1.0) * blocks), blocks)}"


def moment(timestamp: str | None) -> datetime | None:
    """Time of an ISO timestamp, UTC where it names no zone; `None` where it is none."""
    try:
        time = datetime.fromisoformat((timestamp or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def readable_time(text: str) -> str:
    """ISO timestamp as `2026-05-01 08:00 UTC`; any other text as it is."""
    at = moment(text) if len(text) >= 19 else None
    return text if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def paragraphs(*parts: Content) -> Content:
    """Contents with an empty line between them."""
    return Content("\n\n").join(parts)


def field_line(name: str, content: Content, width: int = 8) -> Content:
    """Line of a record: the quiet name, padded to `width`, then its content."""
    return Content.assemble((f"{name:<{width}}", "$quiet"), content)


def fit(text: str, width: int) -> str:
    """Text of exactly `width` cells; a cut one ends in `…`, and one cell stays free."""
    if cell_len(text) > width - 1:
        text = set_cell_size(text, max(width - 2, 0)) + "…"
    return set_cell_size(text, width)
