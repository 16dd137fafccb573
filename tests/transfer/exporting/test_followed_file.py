"""The file of a following export, cut off anywhere."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.client.errors import InvalidInputError
from gonogo.transfer.exporting.followed_file import SettledKey, open_followed_file


def line(number: int, campaign: str = "c1", **more: object) -> bytes:
    record = {"cursor": number, "task_id": f"t{number}", "campaign_id": campaign, "campaign": "batch ⌀", **more}
    return (
        json.dumps({**record, "resolved_at": None, "consensus_verdict": "correct"}, ensure_ascii=False).encode() + b"\n"
    )


LINES = [line(number, prompt="x" * (number * 30_000)) for number in range(1, 5)]


def continued(path: Path) -> int:
    """Appends what comes after the place where the file ends; returns that place."""
    with open_followed_file(path, "c1", cursors=True) as target:
        cursor = target.position.cursor
        target.write(LINES[cursor:])
    return cursor


@given(cut=st.integers(0, sum(map(len, LINES))), zeros=st.integers(0, 3))
def test_a_file_that_is_cut_anywhere_goes_on_with_no_line_lost_or_doubled(
    tmp_path_factory: pytest.TempPathFactory, cut: int, zeros: int
) -> None:
    path = tmp_path_factory.mktemp("followed") / "out.jsonl"
    whole = b"".join(LINES)
    at_line_end = whole[:cut].endswith(b"\n") or not cut
    path.write_bytes(whole[:cut] + b"\0" * (zeros if at_line_end else 0))  # a power cut leaves zeros
    assert continued(path) == whole[:cut].count(b"\n")
    assert path.read_bytes() == whole


def test_a_new_file_begins_at_the_start_and_a_whole_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    assert continued(path) == 0
    assert continued(path) == 4
    assert path.read_bytes() == b"".join(LINES)


@pytest.mark.parametrize(
    "content", [b"my notes", b"my notes\n", line(1, campaign="another"), b"[1]\n", b'{"task_id": "t"}\n', b"\xff\n"]
)
def test_a_file_that_is_not_ours_is_refused_and_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="can't be continued"):
        continued(path)
    assert path.read_bytes() == content


def test_without_cursors_all_that_is_in_the_file_is_known(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(b"".join(LINES))
    with open_followed_file(path, "c1", cursors=False) as target:
        assert target.position.known == {SettledKey(f"t{number}", None, "correct") for number in range(1, 5)}


@pytest.mark.skipif(sys.platform == "win32", reason="no file locks")
def test_a_second_run_on_the_same_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    code = (
        "import sys; from pathlib import Path; from gonogo.transfer.exporting import followed_file as module\n"
        "with module.open_followed_file(Path(sys.argv[1]), 'c1', cursors=True):\n"
        "    print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        assert first.stdout is not None
        assert first.stdin is not None
        assert first.stdout.readline() == b"open\n"
        with pytest.raises(InvalidInputError, match="Another run"):
            continued(path)
        first.stdin.close()
    assert continued(path) == 0
