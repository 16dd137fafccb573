"""View renderer: answers the requests of the app with pictures, and keeps drawings open between them. Child process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gonogo.sheets.child_messages import Answer, request_from_json
from gonogo.sheets.drawing_limits import CannotShowError, DrawingLimits
from gonogo.sheets.models import NoPicture
from gonogo.sheets.picture_modes import PICTURE_MODES
from gonogo.sheets.render.draw_request import OpenDrawings, draw_picture
from gonogo.sheets.render.indexed_pixels import Maps, with_pixels
from gonogo.sheets.render.png_export import draw_pixels
from gonogo.sheets.render.text.text_request import DrawingTexts


class ViewRenderer:
    """Renderer with its caches of open drawings and locator maps."""

    def __init__(self, limits: DrawingLimits) -> None:
        self._drawings = OpenDrawings(limits)
        self._maps: Maps = {}
        self._texts = DrawingTexts()

    def answer(self, head: dict[str, Any]) -> Answer:
        """Returns the answer to one request; never raises for a bad drawing."""
        if head["op"] == "forget":
            self._drawings.forget()
            self._maps.clear()
            self._texts.forget()
            return NoPicture("forgotten")
        try:
            return self._render(head)
        except CannotShowError as refused:
            default = NoPicture(refused.reason)
            return NoPicture(refused.reason, refused.next_step or default.next_step, refused.retry)
        except MemoryError:
            self._drawings.forget()
            return NoPicture("The drawing needs more memory than it is given.")

    def _render(self, head: dict[str, Any]) -> Answer:
        path, key = Path(head["path"]), str(head["key"])
        if head["op"] == "text":
            return self._texts.answer(self._drawings.get(path, key), key, int(head["page"]), str(head["query"]))
        request = request_from_json(head["request"])
        if head["op"] == "pixels":
            return draw_pixels(self._drawings, path, key, request, tuple(head["size"]) if head["size"] else None)
        picture = draw_picture(self._drawings, path, key, request)
        if PICTURE_MODES[request.mode].is_pixels:
            return with_pixels(self._drawings, path, key, request, picture, self._maps)
        return picture
