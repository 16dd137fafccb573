"""Interrupt handler of an import: ends it at once on Ctrl+C, and reports what has been imported."""

from __future__ import annotations

from gonogo.transfer.progress_callback import ReportProgress


class StoppedError(Exception):
    """Raised in the thread that reads the file, after the import was stopped."""


class ImportInterrupt:
    """Progress callback that passes everything on to `report`, and remembers it for the final message."""

    def __init__(self, report: ReportProgress) -> None:
        self._report = report
        self._progress: dict[str, tuple[int, int]] = {}
        self._stopped = False

    def __call__(self, work: str, done: int, total: int) -> None:
        """Raises `StoppedError` after `stop`: nothing else ends the thread that reads the file."""
        if self._stopped:
            raise StoppedError
        self._progress[work] = (done, total)
        self._report(work, done, total)

    def stop(self) -> tuple[str, str]:
        """Stops the import; returns a sentence on what is imported so far, and the next step."""
        self._stopped = True
        sent = [name for name in ("drawings", "predictions", "tasks") if name in self._progress]
        if not sent:
            return "stopped before anything was imported", "Run the same import again."
        done = ", ".join(f"{self._progress[name][0]} of {self._progress[name][1]} {name}" for name in sent)
        if sent == ["tasks"]:  # a plain ARCNM server, which cannot tell what it has
            return f"stopped; {done} are in", "Close the campaign, and import again under another name."
        people = " People can work on these tasks." if "tasks" in sent else ""
        return f"stopped; {done} are in.{people}", "Run the same import again: it goes on, and doubles nothing."
