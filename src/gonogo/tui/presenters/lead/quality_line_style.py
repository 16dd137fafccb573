"""Line styles of a quality report: choose the colours of its lines of text."""

from __future__ import annotations

from textual.content import Content

from gonogo.tui.text import plain


def styled_line(line: str) -> Content:
    """Line of `report.quality.report_lines`: numbers strong, what they mean quiet, what to do in the accent."""
    text = plain(line.replace("\n", " "), 400)
    if text.startswith(("       →", "         ")):
        return Content.styled(text, "$accent")
    if text.startswith("       ! "):
        return Content.styled(text, "$warning")
    if text.startswith("       ") and "├" not in text:
        return Content.styled(text, "$quiet")
    if text.startswith("gold     looks"):
        return Content.styled(text, "bold $warning")
    if text.startswith(("settled ", "alpha ")):
        return Content.styled(text, "bold $strong")
    return Content.styled(text, "$foreground")
