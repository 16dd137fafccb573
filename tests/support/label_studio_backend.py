"""An ML backend as Label Studio documents it: `/health`, `/setup` and `/predict`, with a reader of the test's own.

Written from the shapes alone (`label_studio_ml/api.py`, and the OCR examples beside it).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response

Reader = Callable[[dict[str, Any]], Any]
"""From a task to its prediction; `None` where the model has nothing to say."""
SIZE = {"original_width": 1000, "original_height": 500, "image_rotation": 0}


class Backend:
    """A backend and what it was sent. `answer` takes the place of `/predict`, `health` of `/health`."""

    def __init__(self, reader: Reader, version: str = "ocr-1") -> None:
        self.app = FastAPI()
        self.version = version
        self.tasks: list[dict[str, Any]] = []
        self.setups: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Callable[[dict[str, Any]], Response] | None = None
        self.health: Response | None = None
        self._reader = reader
        self.app.get("/health", response_model=None)(self._health)
        self.app.post("/setup")(self._setup)
        self.app.post("/predict", response_model=None)(self._predict)

    def _health(self) -> Response | dict[str, str]:
        return self.health or {"status": "UP", "model_class": "Ocr"}

    async def _setup(self, request: Request) -> dict[str, str]:
        body = await request.json()
        assert body["project"].split(".", 1)[0]
        self.setups.append(body)
        return {"model_version": self.version}

    def _predict(self, request: Request, body: dict[str, Any]) -> Response:
        """In a thread, as Flask has it."""
        self.tasks += body["tasks"]
        self.headers.append(dict(request.headers))
        assert body["label_config"].startswith("<View")
        if self.answer is not None:
            return self.answer(body)
        predictions = [self._reader(task) for task in body["tasks"]]
        return as_json({"results": [item for item in predictions if item is not None]})


def as_json(body: Any) -> Response:
    """The body as Python writes it: with NaN, if there is one."""
    return Response(json.dumps(body), media_type="application/json")


def reading(text: str, name: str, x: float = 10, y: float = 20, label: str = "dimension", **more: Any) -> list[Any]:
    """A rectangle with its label, and the text of the same region."""
    box = {"x": x, "y": y, "width": 5, "height": 2, "rotation": 0, **more.pop("value", {})}
    common = {**SIZE, "id": name, "to_name": "image", **more}
    return [
        {**common, "from_name": "label", "type": "rectanglelabels", "value": {**box, "rectanglelabels": [label]}},
        {**common, "from_name": "transcription", "type": "textarea", "value": {**box, "text": [text]}},
    ]
