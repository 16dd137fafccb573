"""Preview of the screens on fakes: `python -m tests.tui.preview_app [--theme NAME] [--screen NAME]`.

With the real drawings beside the repository it shows their crops; without them, a hand-made grid.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from gonogo.desk.core.models import DeskTask, Stage
from gonogo.desk.core.settings import Settings
from gonogo.sheets.models import NoPicture, Picture, PictureRequest
from tests.shared_material import DRAWINGS
from tests.tui.fake_services import FakeAnnotateSession, FakeCampaign, fake_app, task

EXAMPLES: list[Any] = [
    {"text": "⌀16,5 +0,1 0"},
    {"text": "2x⌀19.9 0 -0.1"},
    {"text": "R0,2"},
    {"text": "45°"},
    {"text": "12,00 H7"},
    {"text": "M8x1,25 - 6H"},
    {"text": "⌖ ⌀0,2 Ⓜ A B C"},
    {"text": "Ra 1,6"},
    {"text": "ALL UNTOLERANCED RADII R0,5 UNLESS OTHERWISE STATED ON THE DRAWING"},
    {"nominal": 25.0, "upper": 0.05, "lower": -0.02, "unit": "mm"},
    None,
]


def tasks_of_drawings() -> list[DeskTask]:
    assert DRAWINGS is not None
    tasks = []
    for number, line in enumerate((DRAWINGS / "predictions.jsonl").read_text().splitlines()):
        record = json.loads(line)
        bbox = (*record["bbox"], float(record["page"]))
        links = (("part", record["part"]), *task().links[1:])
        tasks.append(
            task(
                number,
                record["predicted_value"],
                bbox=bbox,
                links=links,
                field_name=record["field_name"],
                part_revision_id=None,
            )
        )
    return tasks


class RealDrawingsSession(FakeAnnotateSession):
    """Fake session with pictures from the real drawings."""

    async def start(self) -> None:
        from gonogo.sheets.drawing_service import DrawingService

        assert DRAWINGS is not None
        self.sheets = DrawingService(Path(tempfile.mkdtemp()), folders=(DRAWINGS,))
        await super().start()

    def _ref(self, item: DeskTask) -> Any:
        from gonogo.sheets.models import SheetRef

        return SheetRef(None, dict(item.links)["part"])

    async def picture(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture:
        return await self.sheets.picture(self._ref(task), request)

    def ready(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture | None:
        for item in self.tasks[1:4]:
            self.sheets.prepare(self._ref(item), replace(request, bbox=item.bbox))
        return self.sheets.picture_ready(self._ref(task), request)

    async def close(self) -> None:
        await self.sheets.aclose()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--theme", default="dark")
    parser.add_argument(
        "--screen",
        default="annotate",
        choices=["annotate", "values", "drained", "offline", "sign_in", "campaigns", "none"],
    )
    parser.add_argument("--part", default="")
    options = parser.parse_args()
    values = [task(n, value if value is not None else {}) for n, value in enumerate(EXAMPLES)]
    if options.screen == "annotate" and DRAWINGS is not None:
        tasks = [item for item in tasks_of_drawings() if options.part in dict(item.links)["part"]]
        session: FakeAnnotateSession = RealDrawingsSession(tasks, total=600, done=142)
    elif options.screen == "none":
        session = FakeAnnotateSession(
            values, draw=lambda *_: NoPicture("The server has no drawing for this part.", retry=True), total=600
        )
    else:
        session = FakeAnnotateSession([] if options.screen in ("drained", "offline") else values, total=600, done=142)
    if options.screen == "offline":
        session.advance = lambda **changes: session.tell(  # type: ignore[method-assign]
            stage=Stage.OFFLINE, unsent=3, message="No answer from labels.example.", retry_in=12.0
        )
    listed = [FakeCampaign("1", "PMI batch 12"), FakeCampaign("2", "Halter, second reading")]
    services: dict[str, Any] = {}
    if options.screen in ("sign_in", "campaigns"):
        services = {"signed": None, "listed": listed}
    home = Path(tempfile.mkdtemp())
    fake_app(session, home, clock=time.monotonic, profile=Settings(theme=options.theme), **services).run()


if __name__ == "__main__":
    main()
