"""The power goes at any moment: what the outbox called saved is there when it comes back."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from gonogo.desk.core.models import SendState
from gonogo.desk.outbox.outbox import Outbox
from tests.support.outbox_rows import ANN, put

pytest.importorskip("apsw", reason="its SQLite lets a test bring its own file system")

IMAGES = 300


def work(folder: Path, after: tuple[str, ...] = ()) -> tuple[object, int]:
    """A person answers 25 questions, a few of which are sent meanwhile; everything that happened to the files."""
    from tests.support.power_cut import recording

    with recording(after) as (recorder, connect):
        path = folder / "live" / "outbox.sqlite"
        path.parent.mkdir(parents=True)
        outbox = Outbox(path, owner="gone", connect=connect)
        for number in range(25):
            name = f"t{number}"
            row = put(outbox, name, size=10 + 900 * (number % 5))
            recorder.promise(name)
            if number % 3 == 2:
                outbox.release([row])
                claimed = outbox.claim(ANN)
                assert claimed is not None
                outbox.finish(claimed.id, SendState.SENT)
        end = len(recorder.events)
        outbox.close()
    return recorder, end


def losses(folder: Path, after: tuple[str, ...] = (), images: int = IMAGES) -> int:
    """In how many of `images` power cuts something was lost that had been called saved."""
    recorder, end = work(folder, after)
    chance, lossy = random.Random(7), 0
    first = next(at for at, event in enumerate(recorder.events) if event.kind == "promise")  # type: ignore[attr-defined]
    for number in range(images):
        upto = chance.randrange(first, end + 1)
        place = folder / f"image{number}"
        place.mkdir()
        for name, content in recorder.image(upto, chance).items():  # type: ignore[attr-defined]
            (place / name).write_bytes(content)
        outbox = Outbox(place / "outbox.sqlite", owner="after", alive=lambda mark: False)
        there = {row.task_id for row in outbox.history() if row.request.body and row.decision.verdict == "incorrect"}
        lossy += bool(recorder.promised(upto) - there or outbox.notices)  # type: ignore[attr-defined]
        outbox.close()
    return lossy


@pytest.mark.slow
@pytest.mark.parametrize("after", [(), ("PRAGMA wal_autocheckpoint=8",)], ids=["as set", "many checkpoints"])
def test_no_power_cut_loses_what_was_called_saved(tmp_path: Path, after: tuple[str, ...]) -> None:
    assert losses(tmp_path, after) == 0


@pytest.mark.slow
def test_a_power_cut_while_the_file_is_created_leaves_none_or_a_whole_one(tmp_path: Path) -> None:
    """At every moment until the first answer is saved: the next start finds no damage, and saves and keeps answers."""
    recorder, _end = work(tmp_path)
    chance = random.Random(11)
    first = next(at for at, event in enumerate(recorder.events) if event.kind == "promise")  # type: ignore[attr-defined]
    assert any(event.kind == "rename" for event in recorder.events[:first])  # type: ignore[attr-defined]
    for upto in range(first):
        for number in range(3):
            place = tmp_path / f"image{upto}-{number}"
            place.mkdir()
            for name, content in recorder.image(upto, chance).items():  # type: ignore[attr-defined]
                (place / name).write_bytes(content)
            outbox = Outbox(place / "outbox.sqlite", owner="after", alive=lambda mark: False)
            put(outbox, "after the cut")
            assert "after the cut" in {row.task_id for row in outbox.history()}
            assert outbox.notices == [], (upto, recorder.events[upto - 1])  # type: ignore[attr-defined]
            outbox.close()


def test_the_same_cuts_show_a_weaker_setting(tmp_path: Path) -> None:
    """Otherwise the test above would prove nothing."""
    assert losses(tmp_path, ("PRAGMA synchronous=NORMAL",), images=60) > 20
