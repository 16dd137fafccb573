"""Card of a dataset: `README.md` with the front matter that the library `datasets` and its hub read.

It holds no time of its own and no address, so the same export has the same card.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gonogo import __version__
from gonogo.json_types import JsonObject, JsonValue, as_list, as_object
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.gonogo_api import CampaignDetail
from gonogo.schemas.labeling import LabelingCampaignPublic, QualityReport
from gonogo.schemas.sanitize import clean_text
from gonogo.schemas.verdicts import VERDICT_CLASSES
from gonogo.transfer.exporting.datasets_folder.columns import DatasetColumn, yaml_features
from gonogo.transfer.exporting.datasets_folder.shards import Split

_SIZES: Final = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


@dataclass(frozen=True, slots=True)
class CardFacts:
    """Facts of a card.

    Attributes:
        campaign: The exported campaign; a `CampaignDetail` from a gonogo server.
        columns: Columns of the files.
        splits: What was written.
        n_gold: Hidden gold that was left out.
        n_annotators: People whose votes are in it.
        golden: Whether only what was promoted is in it.
        runs: Names of the prediction runs of the project.
        quality: The quality report, where the server gives one.
        n_without_image: Rows without a picture; `None` for a dataset without pictures.
    """

    campaign: LabelingCampaignPublic
    columns: tuple[DatasetColumn, ...]
    splits: Sequence[Split]
    n_gold: int
    n_annotators: int
    golden: bool
    runs: Sequence[str]
    quality: QualityReport | None
    n_without_image: int | None

    @property
    def n_rows(self) -> int:
        return sum(split.n_rows for split in self.splits)


def card_text(facts: CardFacts) -> str:
    """The whole card."""
    name = _inline(facts.campaign.name or facts.campaign.id)
    sections = [
        [f"# {name}"],
        [
            "Values that a model read off engineering drawings, and what people say of them: one row a question "
            "(is this value read right?), with every vote.",
        ],
        ["## Splits", "", *_splits(facts)],
        ["## Columns", "", "| column | type | |", "|---|---|---|", *_columns(facts.columns)],
        ["## Where it comes from", "", *(f"- {line}" for line in _origin(facts))],
        ["## How it was labelled", "", *(f"- {line}" for line in _method(facts))],
        ["## Known limits", "", *(f"- {limit}" for limit in _limits(facts))],
        [
            "## Licence",
            "",
            "None is given here. The owner of the drawings decides; before you publish this, add `license:` to the "
            "front matter, and check that the drawings may be shown.",
        ],
    ]
    return "\n".join([*_front_matter(facts), "", *("\n".join(section) + "\n" for section in sections)])


def _front_matter(facts: CardFacts) -> Iterator[str]:
    size = next((label for limit, label in _SIZES if facts.n_rows < limit), "n>1M")
    pretty_name = json.dumps(clean_text(facts.campaign.name or facts.campaign.id))
    yield from ("---", "# license: the owner of the drawings decides", f"pretty_name: {pretty_name}")
    yield from ("tags:", "- engineering-drawings", "- gonogo", "size_categories:", f"- {size}")
    yield from ("configs:", "- config_name: default", "  data_files:")
    for split in facts.splits:
        yield from (f"  - split: {split.name}", f"    path: data/{split.name}-*")
    yield from ("dataset_info:", "  features:", *yaml_features(facts.columns), "  splits:")
    for split in facts.splits:
        yield from (
            f"  - name: {split.name}",
            f"    num_bytes: {split.n_bytes}",
            f"    num_examples: {split.n_rows}",
        )
    yield f"  download_size: {sum(path.stat().st_size for split in facts.splits for path in split.files)}"
    yield f"  dataset_size: {sum(split.n_bytes for split in facts.splits)}"
    yield "---"


def _splits(facts: CardFacts) -> Iterator[str]:
    yield f"| split | rows | parts | {' | '.join(VERDICT_CLASSES)} | not settled |"
    yield "|---|" + "---:|" * (3 + len(VERDICT_CLASSES))
    for split in facts.splits:
        counts = [split.verdicts[verdict] for verdict in VERDICT_CLASSES]
        cells = [split.n_rows, len(split.parts), *counts, split.n_rows - sum(counts)]
        yield f"| {split.name} | {' | '.join(map(str, cells))} |"
    if len(facts.splits) > 1:
        yield from ("", "The splits are of parts, by a hash of the name: no part, and so no drawing, stands in two.")


def _columns(columns: Sequence[DatasetColumn]) -> Iterator[str]:
    kinds = {"numbers": "list of float64", "votes": "list of objects"}
    for column in columns:
        yield f"| `{column.name}` | {kinds.get(column.kind, column.kind)} | {column.means} |"


def _origin(facts: CardFacts) -> Iterator[str]:
    campaign = facts.campaign
    what = "What was promoted to the golden dataset of" if facts.golden else "All questions of"
    yield f"{what} the campaign “{_inline(campaign.name or campaign.id)}” (`{_code(campaign.id)}`)."
    if campaign.created_at:
        yield f"Made {_inline(str(campaign.created_at)[:10])}, now {_inline(str(campaign.status))}."
    if facts.runs:
        yield f"Prediction runs of its project: {', '.join(_inline(run) for run in facts.runs[:20])}."
    yield f"Written by gonogo {__version__} (`gonogo export --format datasets`)."


def _method(facts: CardFacts) -> Iterator[str]:
    campaign, quality = facts.campaign, facts.quality
    votes = f"{counted(campaign.target_redundancy, 'vote')} a question" if campaign.target_redundancy else "Votes"
    settings = campaign.settings if isinstance(campaign, CampaignDetail) else None
    policy = ", more where the risk of an error is high" if settings and settings.votes == "by_risk" else ""
    yield f"{votes}{policy}, by {counted(facts.n_annotators, 'person', 'people')}; an expert decided conflicts."
    if campaign.consensus_method:
        yield f"Consensus: `{_code(str(campaign.consensus_method))}`."
    if settings is not None:
        yield f"Votes settled a value as correct where its risk of being wrong was at most {settings.max_risk:g}."
    extension = as_object(quality.gonogo if quality else None)
    if quality is None or quality.alpha is None:
        yield "Agreement: not known; too few questions have two votes, or the server doesn't say."
        return
    alpha = f"Krippendorff's alpha {quality.alpha:.2f}{_interval(extension.get('alpha_interval'))}"
    ac1 = extension.get("gwet_ac1")
    more = f", Gwet's AC1 {ac1:.2f}{_interval(extension.get('gwet_ac1_interval'))}" if isinstance(ac1, float) else ""
    yield f"Agreement of the votes: {alpha}{more}."
    yield from _gold_error(extension)


def _gold_error(extension: JsonObject) -> Iterator[str]:
    words = {"false_accept": "wrong values called correct", "false_reject": "right values called incorrect"}
    for name, what in words.items():
        share = as_object(extension.get(name))
        error, n = share.get("share"), share.get("n")
        if isinstance(error, float):
            yield f"On hidden gold: {error:.1%} of {what}{_interval(share.get('interval'), percent=True)}; n = {n}."


def _interval(value: JsonValue, *, percent: bool = False) -> str:
    """The 95 % interval in brackets, or that there is none."""
    ends = [end for end in as_list(value) if isinstance(end, int | float)]
    if len(ends) != 2:
        return " (no interval: too few answers)"
    low, high = (f"{end:.1%}" if percent else f"{end:.2f}" for end in ends)
    return f" (95 % interval {low} to {high})"


def _limits(facts: CardFacts) -> Iterator[str]:
    n_open = facts.n_rows - sum(sum(split.verdicts.values()) for split in facts.splits)
    if n_open:
        yield (
            f"{counted(n_open, 'row')} not settled yet: `verdict` is null. The least sure predictions are asked first, "
            "so the settled part of an unfinished campaign is harder than the whole."
        )
    if facts.n_gold:
        yield (
            f"{counted(facts.n_gold, 'row')} of hidden gold left out: the answers were known before, and some of the "
            "predictions were made wrong on purpose."
        )
    if facts.golden:
        yield "Only promoted questions: a choice, not a random sample."
    if facts.n_without_image:
        yield f"{counted(facts.n_without_image, 'row')} without an image."
    if facts.n_without_image is not None:
        yield "Images are grey, with the contrast that people saw; the drawings themselves are not in here."
    yield "A place that the model did not find was never asked about: this says how right it is, not how complete."
    yield "Annotators have numbers instead of names. `part`, `drawing` and values are as the drawings have them."


def _inline(text: str) -> str:
    """Text of the campaign in a line of Markdown: no markup and no breaks."""
    line = " ".join(clean_text(text).split())
    return html.escape(line, quote=False).translate({ord(sign): f"\\{sign}" for sign in "\\`*_[]|#"})


def _code(text: str) -> str:
    return " ".join(clean_text(text).split()).replace("`", "")
