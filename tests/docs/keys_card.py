"""Generator of the sheet of keys that annotators print: `python -m tests.docs.keys_card > docs/keys-card.html`.

One A4 page, black on white, for any browser's printer.
"""

from __future__ import annotations

import sys
from html import escape

from gonogo.tui import actions

Row = tuple[str, str]
"""Ids of actions, parted by spaces, and what their keys do."""

_ANSWERS: tuple[tuple[str, str, str], ...] = (
    (
        "annotate.correct",
        "correct",
        "The value says what the drawing says. Spelling doesn't count: 16,5 is 16.5, Ø is ⌀.",
    ),
    ("annotate.incorrect", "incorrect", "It says something else: a wrong digit, a lost sign, a lost tolerance."),
    ("annotate.fix", "fix", "It is wrong, and you type what the drawing says."),
    ("annotate.unsure", "unsure", "The drawing doesn't show it: unreadable, an empty box, two readings."),
)
_SECTIONS: tuple[tuple[str, tuple[Row, ...]], ...] = (
    (
        "Around the answer",
        (
            ("annotate.undo", "take the last answer back"),
            (
                "annotate.sure1 annotate.sure2 annotate.sure3 annotate.sure4 annotate.sure5",
                "before the answer: 1 a guess … 5 certain",
            ),
            ("annotate.guideline", "the question in full, and the guideline"),
            ("annotate.note", "a note with the answer to come"),
            ("annotate.ask", "ask the lead instead of answering"),
            ("annotate.later", "put the question off"),
            ("annotate.history", "what you answered"),
            ("annotate.practice", "practice: the right answer at once"),
            ("annotate.pace", "show or hide your pace"),
            ("annotate.retry", "try the server or the drawing again"),
        ),
    ),
    (
        "The drawing",
        (
            ("annotate.context", "detail, surroundings, whole sheet"),
            ("annotate.left annotate.down annotate.up annotate.right", "move"),
            ("annotate.closer annotate.away", "enlarge, make smaller"),
            ("annotate.home", "back to the detail"),
            ("annotate.rotate annotate.rotate_little", "turn by a quarter, by 15°"),
            ("annotate.invert", "swap ink and paper"),
            ("annotate.mode", "finer or simpler characters"),
            ("annotate.outside", "open it in the system's viewer"),
        ),
    ),
    (
        "While you type a value",
        (
            ("edit.send", "send “incorrect” with this value"),
            ("edit.leave", "close the line; your text is kept"),
            ("edit.incorrect", "send “incorrect” without a value"),
            ("edit.symbols", "pick a sign; Alt and its letter does it at once"),
            ("edit.complete", "a name becomes its sign: dia → ⌀"),
            ("edit.diameter", "⌀ on or off"),
            ("edit.sign", "swap the signs of the tolerance"),
            ("edit.tolerance", "the tolerance as it was read"),
            ("edit.comma", "comma to point, or back"),
            ("edit.unit", "next unit"),
        ),
    ),
    (
        "In the history",
        (
            ("history.open", "one answer in full"),
            ("history.search", "search"),
            ("history.open_only", "only what isn't sent yet"),
            ("history.again", "answer a refused question again"),
            ("history.resend", "send a refused answer once more"),
            ("history.drop", "delete a refused answer (press twice)"),
            ("history.back", "back"),
        ),
    ),
    (
        "Everywhere",
        (
            ("app.help", "all keys"),
            ("app.palette", "find an action by name"),
            ("app.switch", "another campaign or server"),
            ("app.review", "review queue, and back"),
            ("app.theme", "colours"),
            ("app.details", "details of the last error"),
            ("app.quit", "leave; nothing is lost"),
        ),
    ),
    (
        "When a key does nothing",
        (
            ("loading", "the drawing is being loaded; after 4\u00a0s you may answer"),
            ("wait", "the question has just appeared, or keys came too fast"),
            ("held", "release the key first"),
            ("too small", "enlarge the window"),
            ("dialog", "Esc closes the dialog"),
        ),
    ),
)
_STYLE = """\
@page { size: A4; margin: 12mm }
* { box-sizing: border-box }
body { font: 9.5pt/1.3 system-ui, "DejaVu Sans", sans-serif; color: #000; background: #fff }
body { margin: 0 auto; max-width: 186mm }
h1 { font-size: 17pt; margin: 0 }
p { margin: 1mm 0 4mm }
h2 { font-size: 11pt; margin: 0 0 1mm; border-bottom: 0.4mm solid #000 }
section { break-inside: avoid; margin-bottom: 5mm }
main { columns: 2; column-gap: 8mm }
table { border-collapse: collapse; width: 100% }
td { padding: 0.6mm 1.5mm 0.6mm 0; vertical-align: top }
td:first-child { white-space: nowrap; width: 31mm }
kbd { font: 600 9pt ui-monospace, "DejaVu Sans Mono", monospace; padding: 0 1.2mm }
kbd { border: 0.25mm solid #000; border-radius: 1mm }
.answers { border: 0.5mm solid #000; margin-bottom: 5mm }
.answers td { padding: 1.2mm 2mm; border-bottom: 0.2mm solid #000 }
.answers td:first-child { width: 10mm }
.answers kbd { font-size: 14pt }
"""


def keys_card() -> str:
    """The page as HTML that needs nothing else."""
    answers = "".join(
        f"<tr><td>{_key(id_)}</td><td><b>{escape(word)}</b></td><td>{escape(when)}</td></tr>\n"
        for id_, word, when in _ANSWERS
    )
    sections = "".join(
        f"<section><h2>{escape(heading)}</h2><table>\n"
        + "".join(f"<tr><td>{_keys(ids)}</td><td>{escape(text)}</td></tr>\n" for ids, text in rows)
        + "</table></section>\n"
        for heading, rows in _SECTIONS
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>gonogo: keys for annotators</title>\n'
        f"<style>\n{_STYLE}</style></head><body>\n<h1>gonogo: keys for annotators</h1>\n"
        "<p>One key is an answer, and the next question is there already.</p>\n"
        f'<table class="answers">\n{answers}</table>\n<main>\n{sections}</main>\n</body></html>\n'
    )


def _keys(ids: str) -> str:
    known = [id_ for id_ in ids.split() if id_ in actions.BY_ID]
    return " ".join(map(_key, known)) if known else f"<b>{escape(ids)}</b>"


def _key(id_: str) -> str:
    """The action's first key."""
    name = actions.key_name(actions.BY_ID[id_].keys[0])
    return f"<kbd>{escape(name[:1].upper() + name[1:] if len(name) > 1 else name)}</kbd>"


if __name__ == "__main__":
    sys.stdout.write(keys_card())
