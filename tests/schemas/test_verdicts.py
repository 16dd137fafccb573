"""The table of verdicts, and that everything that names verdicts has an entry for each row."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from gonogo.desk.core.settings import KEYMAPS, VERDICT_WORDS
from gonogo.schemas.verdicts import CLASS_OF, VERDICT_CLASSES, VERDICTS, Verdict

ROOT = Path(__file__).parents[2]


def test_table_has_each_verdict_once_in_the_order_of_stored_matrices() -> None:
    assert list(VERDICTS) == [verdict.value for verdict in Verdict] == ["correct", "incorrect", "unsure"]
    assert [CLASS_OF[word] for word in VERDICT_CLASSES] == [0, 1, 2]


def test_signs_and_keys_tell_verdicts_apart() -> None:
    assert len({traits.sign for traits in VERDICTS.values()}) == len(VERDICTS)
    for preset in KEYMAPS:
        assert len({traits.keys[preset] for traits in VERDICTS.values()}) == len(VERDICTS)


def test_each_theme_defines_the_color_of_each_verdict() -> None:
    for path in (ROOT / "themes").glob("*.toml"):
        colors = tomllib.loads(path.read_text())["colors"]
        assert {traits.color for traits in VERDICTS.values()} <= colors.keys()


def test_settings_name_a_word_for_each_verdict_and_for_the_correction() -> None:
    assert VERDICT_WORDS == {"correct": "correct", "incorrect": "incorrect", "fix": "incorrect", "unsure": "unsure"}


def test_table_imports_only_the_standard_library() -> None:
    code = "import sys, gonogo.schemas.verdicts; sys.exit('pydantic' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
