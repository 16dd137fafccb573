"""Group verification against single questions: verdicts an hour, keys a verdict, and errors on gold.

`python -m tests.benchmarks groups` lets simulated people work off a campaign twice on the real server: question by
question, and on pages as large as a terminal shows (the workstation's own layout decides). Votes, times and page sizes
are stored as the workstation sends them; the errors on gold are those of the real quality report.

**Nobody was watched.** The times are a model, and that people miss as many errors on a page as alone is an assumption:
it is what the report measures in a real campaign. The model, in seconds:

    single   M + F·fixations(value) + F·fixations(drawing) + K
    page     M + F·fixations(value) + Σ (S + F·fixations(drawing)) + keys·K + M

M, a mental preparation, 1.35, and K, a key, 0.20: the keystroke-level model (Card, Moran & Newell, CACM 23:7, 1980).
F, a fixation of up to four characters, 0.25 (Rayner, Psychological Bulletin 124:3, 1998). S, to find the next tile,
0.30: assumed, a saccade and a fixation. A key is an arrow, a strike or Enter; people strike tiles in their order. The
first look at a drawing makes the same error alone and on a page, and so does the second.
"""

from __future__ import annotations

import math
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from gonogo.desk.core.models import DeskTask
from gonogo.json_types import as_object
from gonogo.schemas.labeling import LabelSubmit
from gonogo.server.auth.principals import Voter
from gonogo.server.quality.campaign_report import campaign_quality
from gonogo.server.queue import submissions
from gonogo.server.store.typed_rows import fetch_campaign
from gonogo.sheets.picture_modes import PictureMode
from gonogo.tui.layout.crop_grid import crop_grid, room_for_tiles, tiles_that_fit
from gonogo.tui.layout.page_shape import PageShape
from gonogo.tui.viewport import Viewport
from tests.server.house import House, people
from tests.sqlite import empty_database

N_TASKS, N_VALUES, N_PEOPLE = 1200, 60, 4
WRONG, MISSED, REFUSED = 0.08, 0.12, 0.02
"""Shares: wrong predictions; of these called correct; of the right ones refused."""
GOLD = 0.1
BOX = (0.04, 0.012)
"""Width and height of a box, in fractions of an A3 sheet."""


@dataclass(frozen=True)
class Reading:
    """Seconds of the model."""

    mental: float = 1.35
    key: float = 0.20
    fixation: float = 0.25
    next_tile: float = 0.30

    def single(self, text: str) -> float:
        return self.mental + 2 * self.fixation * _fixations(text) + self.key

    def page(self, text: str, n: int, n_keys: int) -> float:
        looks = n * (self.next_tile + self.fixation * _fixations(text))
        return 2 * self.mental + self.fixation * _fixations(text) + looks + n_keys * self.key


USUAL = Reading()


class Asked(NamedTuple):
    """A page, or a question of its own where `n` is 1: its value, and the keys it took."""

    text: str
    n: int
    keys: int

    def seconds(self, reading: Reading) -> float:
        return reading.single(self.text) if self.n == 1 else reading.page(self.text, self.n, self.keys)


class Looks:
    """Luck of each look at a drawing: the first is as lucky alone as on a page, the second likewise."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def draw(self, pmi: str) -> float:
        self._counts[pmi] += 1
        return random.Random(f"{pmi} {self._counts[pmi]}").random()


@dataclass
class Outcome:
    """What was asked, and the `gonogo` block of the quality report."""

    asked: list[Asked]
    report: dict[str, Any]

    def an_hour(self, reading: Reading = USUAL, *, pages: bool = False) -> float:
        """Verdicts an hour, of all or on pages."""
        asked = [one for one in self.asked if one.n > 1 or not pages]
        return 3600 * sum(one.n for one in asked) / sum(one.seconds(reading) for one in asked)


def run() -> dict[str, Any]:
    """One table a terminal, and the ratio under other readings of the model."""
    single = work_off((0, 0))
    terminals = (
        ((80, 24), PictureMode.OCTANT),
        ((120, 40), PictureMode.QUADRANT),
        ((120, 40), PictureMode.OCTANT),
        ((200, 60), PictureMode.QUADRANT),
    )
    outcomes = {f"{size[0]}x{size[1]} {mode.value}": work_off(size, mode) for size, mode in terminals}
    others = {
        "mental 0.6": replace(USUAL, mental=0.6),
        "next tile 0.6": replace(USUAL, next_tile=0.6),
        "fixation 0.35": replace(USUAL, fixation=0.35),
        "all of these": Reading(0.6, 0.2, 0.35, 0.6),
    }
    worse = work_off((120, 40), missed_on_page=0.4, n_alone=2)
    return {
        "single": {
            "verdicts_an_hour": round(single.an_hour()),
            "keys_a_verdict": 1.0,
            "gold_share": _gold_share(single),
        },
        "pages": {name: _table(outcome, single) for name, outcome in outcomes.items()},
        "ratio under other readings": {
            terminal: {name: _ratio(outcome, single, other) for name, other in others.items()}
            for terminal, outcome in outcomes.items()
        },
        "where 40 % are missed on pages, the report names": as_object(worse.report["grouping"])["worse"],
    }


def work_off(
    size: tuple[int, int],
    mode: PictureMode = PictureMode.OCTANT,
    *,
    missed_on_page: float = MISSED,
    n_alone: int = 0,
    seed: int = 11,
) -> Outcome:
    """A campaign worked off in a terminal of `size`; one by one where that is (0, 0), and by `n_alone` people."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "server.db"
        place.write_bytes(empty_database().read_bytes())
        with House(place, seed) as house:
            campaign = house.campaign(grouping=True, gold_fraction=GOLD, target_redundancy=2)
            wrong = _fill(house, campaign, rng)
            asked: list[Asked] = []
            looks = Looks()
            crew = people(N_PEOPLE)
            alone = crew[:n_alone]
            with house.at_once():
                busy = list(crew)
                while busy:
                    for who in [one for one in busy for _claim in range(12 if one in alone else 1)]:
                        limit = 1 if who in alone or not size[0] else tiles_that_fit(*size)
                        tasks = [claim.task for claim in house.next_group(campaign, who, limit)]
                        if not tasks and who in busy:
                            busy.remove(who)
                        for page, columns in _pages(tasks, size, Viewport(mode=mode)):
                            asked.append(
                                _answer(house, campaign, who, page, columns, rng, wrong, missed_on_page, looks)
                            )
            with house.write() as connection:
                quality = campaign_quality(connection, fetch_campaign(connection, campaign), house.now)
    return Outcome(asked, as_object(quality.gonogo))


def _pages(tasks: list[Any], size: tuple[int, int], view: Viewport) -> Iterator[tuple[list[Any], int]]:
    """The claimed tasks as the workstation shows them, and the columns of each page."""
    while tasks:
        desk = [_desk_task(task) for task in tasks]
        shape = crop_grid(desk, size[0], room_for_tiles(size[1]), view) if len(desk) > 1 else PageShape(1, 1)
        n = max(min(shape.n_tiles, len(tasks)), 1)
        yield tasks[:n], max(shape.columns, 1)
        tasks = tasks[n:]


def _answer(
    house: House,
    campaign: str,
    who: Voter,
    page: list[Any],
    columns: int,
    rng: random.Random,
    wrong: dict[str, bool],
    missed_on_page: float,
    looks: Looks,
) -> Asked:
    """Strikes what the person finds wrong, and stores the answers of the page with its time."""
    n, text = len(page), str(as_object(page[0].predicted_value)["text"])
    missed = missed_on_page if n > 1 else MISSED
    chances = [(1 - missed) if wrong[str(task.pmi_id)] else REFUSED for task in page]
    draws = [looks.draw(str(task.pmi_id)) for task in page]
    struck = [index for index, chance in enumerate(chances) if draws[index] < chance]
    asked = Asked(text, n, 1 if n == 1 else 1 + _keys_of_strikes(struck, columns))
    share = round(1000 * asked.seconds(USUAL) * rng.lognormvariate(0, 0.3) / n)
    for index, task in enumerate(page):
        verdict = "incorrect" if index in struck else "correct"
        answer = LabelSubmit(verdict=verdict, duration_ms=share, group_size=n if n > 1 else None)
        with house.write() as connection:
            row = fetch_campaign(connection, campaign)
            submissions.submit(connection, row, task.id, who, answer, house.now)
    house.pass_time(seconds=n * share / 1000)
    return asked


def _fill(house: House, campaign: str, rng: random.Random) -> dict[str, bool]:
    """Tasks whose values are as frequent as words are (Zipf); returns which predictions are wrong, by `pmi_id`."""
    texts = [f"{form.format(n)}" for n in range(1, 16) for form in ("R{0}", "{0}", "⌀{0} H7", "{0} ±0,1")][:N_VALUES]
    weights = [1 / (rank + 1) for rank in range(N_VALUES)]
    rng.shuffle(texts)
    bodies = []
    wrong: dict[str, bool] = {}
    for number in range(N_TASKS):
        pmi = f"pmi-{number}"
        is_gold = number % 7 == 0
        wrong[pmi] = rng.random() < (0.5 if is_gold else WRONG)
        x, y = rng.random() * 0.9, rng.random() * 0.9
        body: dict[str, Any] = {
            "part_revision_id": f"part-{number // 80}",
            "predicted_value": {"text": rng.choices(texts, weights)[0]},
            "drawing_bbox": [x, y, x + BOX[0], y + BOX[1]],
            "pmi_id": pmi,
            "prompt": "Is this dimension read right?",
        }
        if is_gold:
            body |= {"is_gold": True, "gold_answer": "incorrect" if wrong[pmi] else "correct"}
        bodies.append(body)
    house.add(campaign, *bodies)
    return wrong


def _keys_of_strikes(struck: list[int], columns: int) -> int:
    """Arrows to each struck tile, in order, and a strike there."""
    keys, x, y = 0, 0, 0
    for index in struck:
        at_x, at_y = index % columns, index // columns
        keys += abs(at_x - x) + abs(at_y - y) + 1
        x, y = at_x, at_y
    return keys


def _desk_task(task: Any) -> DeskTask:
    return DeskTask(task.id, task.campaign_id, task.prompt or "", task.predicted_value, bbox=tuple(task.drawing_bbox))


def _fixations(text: str) -> int:
    return math.ceil(len(text) / 4)


def _table(outcome: Outcome, single: Outcome) -> dict[str, Any]:
    pages = [one for one in outcome.asked if one.n > 1]
    on_pages, every = sum(one.n for one in pages), sum(one.n for one in outcome.asked)
    errors = as_object(as_object(outcome.report["grouping"])["grouped"])
    return {
        "largest_page": max(one.n for one in pages),
        "mean_page": round(on_pages / len(pages), 1),
        "share_on_pages": round(on_pages / every, 2),
        "verdicts_an_hour": round(outcome.an_hour(pages=True)),
        "ratio": _ratio(outcome, single, USUAL),
        "ratio of the whole campaign": round(outcome.an_hour() / single.an_hour(), 2),
        "keys_a_verdict": round(sum(one.keys for one in pages) / on_pages, 2),
        "false_accept": {
            "pages": _share(errors["false_accept"]),
            "single questions": _share(single.report["false_accept"]),
        },
        "gold_share": _gold_share(outcome),
    }


def _ratio(outcome: Outcome, single: Outcome, reading: Reading) -> float:
    return round(outcome.an_hour(reading, pages=True) / single.an_hour(reading), 2)


def _gold_share(outcome: Outcome) -> float:
    answers: Any = outcome.report["n_gold_answers"]
    share: float = round(answers / sum(one.n for one in outcome.asked), 3)
    return share


def _share(share: Any) -> str:
    low, high = share["interval"]
    return f"{share['k']} of {share['n']}, {share['share']:.3f} ({low:.3f}–{high:.3f})"
