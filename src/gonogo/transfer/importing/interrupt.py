"""An import that is stopped by Ctrl+C: it ends at once, and says what is in."""

from __future__ import annotations

from gonogo.transfer.importing.spool import Report


class StoppedError(Exception):
    """Nobody waits for what is being read."""


class ImportInterrupt:
    """The progress of an import, passed on to `report`, and remembered."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._reached: dict[str, tuple[int, int]] = {}
        self._stopped = False

    def __call__(self, what: str, done: int, total: int) -> None:
        """Raises `StoppedError` once it was stopped: the file is read in a thread, which nothing else ends."""
        if self._stopped:
            raise StoppedError
        self._reached[what] = (done, total)
        self._report(what, done, total)

    def stop(self) -> tuple[str, str]:
        """To be called when the import was stopped: what is in, in words, and what to do next."""
        self._stopped = True
        sent = [name for name in ("drawings", "predictions", "tasks") if name in self._reached]
        if not sent:
            return "stopped before anything was imported", "Run the same import again."
        done = ", ".join(f"{self._reached[name][0]} of {self._reached[name][1]} {name}" for name in sent)
        if sent == ["tasks"]:  # a plain ARCNM server, which cannot tell what it has
            return f"stopped; {done} are in", "Close the campaign, and import again under another name."
        people = " People can work on these tasks." if "tasks" in sent else ""
        return f"stopped; {done} are in.{people}", "Run the same import again: it goes on, and doubles nothing."
