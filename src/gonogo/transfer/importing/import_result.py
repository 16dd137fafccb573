"""Result of an import: holds its counts and formats them as sentences."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.gonogo_api import TaskUpdates
from gonogo.transfer.importing.records import BadLine


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Counts of what there is now and of what is new. `imported` is false when bad lines kept everything out.

    `n_tasks` are the new ordinary tasks, `n_gold` the new gold ones beside them; `n_merged` more readings are asked by
    these. `updates` are those of `--update`. `n_repeated_places` are places with several readings that were not merged,
    or at least so many.
    """

    n_lines: int
    bad: tuple[BadLine, ...] = ()
    imported: bool = False
    project: str | None = None
    project_new: bool = False
    campaign: str = ""
    campaign_id: str = ""
    campaign_new: bool = False
    n_drawings: int = 0
    n_drawings_new: int = 0
    n_predictions_new: int = 0
    n_predictions_known: int = 0
    n_tasks: int = 0
    n_gold: int = 0
    updates: TaskUpdates | None = None
    n_merged: int = 0
    n_repeated_places: int = 0
    repeated_at_least: bool = False
    dry_run: bool = False
    notes: tuple[str, ...] = ()

    def sentences(self) -> list[str]:
        """The result for a person, bad lines not included."""
        if self.dry_run:
            left_out = f", {counted(len(self.bad), 'bad line')} left out" if self.bad else ""
            what = f"{counted(self.n_tasks + self.n_merged, 'prediction')} on {counted(self.n_drawings, 'drawing')}"
            questions = f" as {counted(self.n_tasks, 'question')}" if self.n_merged else ""
            return [f"{what} would be imported{questions}{left_out}; nothing was sent."]
        if not self.imported:
            why = f"{len(self.bad)} of {self.n_lines} lines are bad" if self.n_lines else "the file has no lines"
            return [f"Nothing was imported: {why}."]
        return [*self._imported_sentences(), *self.notes]

    def merge_hint(self) -> str:
        """Sentence about places with several readings, of which each is a question of its own; or empty."""
        if not self.n_repeated_places or not (self.imported or self.dry_run):
            return ""
        at_least = "At least " if self.repeated_at_least else ""
        read = at_least + counted(self.n_repeated_places, "place has", "places have")
        if self.dry_run:
            return f"{read} several readings: --merge-readings asks each place once."
        if not self.campaign:
            return f"{read} several readings: `projects generate --merge-readings` asks each place once."
        return (
            f"{read} several readings, and each reading is a question. To ask each place once, import into another "
            "campaign with --merge-readings."
        )

    def _imported_sentences(self) -> list[str]:
        state = {True: "new", False: "already there"}
        gold = f", {self.n_gold} of them gold" if self.n_gold else ""
        tasks = "".join(f"{count}, " for count in self._update_counts())
        tasks += counted(self.n_tasks + self.n_gold, "new task") + gold
        lines = [f"Campaign {self.campaign!r} ({state[self.campaign_new]}): {tasks}."] if self.campaign else []
        if self.n_merged:
            lines.append(f"{counted(self.n_merged, 'more reading')} of the same places merged into these questions.")
        if self.project is not None:
            lines.append(f"Project {self.project!r} ({state[self.project_new]}).")
        if self.n_drawings:
            lines.append(f"{counted(self.n_drawings, 'drawing')}, {self.n_drawings_new} new.")
        if self.n_predictions_new or self.n_predictions_known:
            new = counted(self.n_predictions_new, "new prediction")
            lines.append(f"{new}, {self.n_predictions_known} already known.")
        if self.bad:
            lines.append(f"{counted(len(self.bad), 'bad line')} left out.")
        return lines

    def _update_counts(self) -> list[str]:
        """Counts of an update in words; those that are nought are left out, but for what was updated."""
        if self.updates is None:
            return []
        words = {
            "n_updated": "updated",
            "n_unchanged": "unchanged",
            "n_answered": "answered already",
            "n_held": "being answered",
            "n_seen": "shown to somebody already",
            "n_unclear": "unclear, because several tasks are at that place",
        }
        numbers = self.updates.model_dump()
        return [f"{numbers[name]} {text}" for name, text in words.items() if numbers[name] or name == "n_updated"]

    def as_json(self) -> dict[str, object]:
        """The result for a program: all counts, and the bad lines as objects."""
        updates = None if self.updates is None else self.updates.model_dump()
        return {**asdict(self), "bad": [asdict(line) for line in self.bad], "updates": updates}
