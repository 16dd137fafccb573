"""Tour of the demo: five places of one sheet, some read wrong on purpose, as lessons."""

from __future__ import annotations

from collections.abc import Mapping

from gonogo.demo.parts import draw_all
from gonogo.desk.core.models import DeskTask
from gonogo.desk.practice.tour import Lesson

PART = "GX-2210 bracket"
READINGS = (
    ("correct", "bore", ""),
    ("incorrect", "length", "110"),
    ("fix", "corner", "R3"),
    ("undo", "slot_centres", ""),
    ("context", "hole_pitch_y", ""),
)
"""What each question teaches, its place on the sheet, and what was read there; empty: what the drawing says."""


def tour_lessons(campaign_id: str, revisions: Mapping[str, str]) -> list[Lesson]:
    """Returns the lessons in their order; `revisions` are the ids of the stored drawings by part."""
    callouts = {callout.name: callout for callout in draw_all()[PART].callouts}
    lessons = []
    for number, (teaches, name, read) in enumerate(READINGS, 1):
        callout = callouts[name]
        task = DeskTask(
            id=f"tour-{number}",
            campaign_id=campaign_id,
            prompt="Is this dimension read right?",
            predicted_value={"text": read or callout.text},
            target_kind=callout.target_kind,
            detail_kind=callout.detail_kind,
            field_name=callout.name,
            bbox=tuple(callout.bbox),
            part_revision_id=revisions[PART],
        )
        lessons.append(Lesson(teaches, task, callout.text))
    return lessons
