"""Credential file: only its owner reads it, and nothing is half-written."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gonogo.desk.account.credential_file import CredentialFile
from gonogo.desk.account.credentials import CredentialStore, StorageKind

SECRET = "gs_secret"


@pytest.fixture
def file(tmp_path: Path) -> CredentialFile:
    return CredentialFile(tmp_path / "state" / "credentials.json")


async def test_nothing_is_written_before_the_person_agreed(file: CredentialFile) -> None:
    store = CredentialStore(list, file=file)
    assert (await store.put("ann", SECRET)).where is StorageKind.MEMORY
    assert not file.exists
    assert await store.put_in_file("ann")
    assert await CredentialStore(list, file=file).get("ann") == SECRET
    assert (await CredentialStore(list, file=file).put("bob", "other")).where is StorageKind.FILE


async def test_only_the_owner_can_read_it(file: CredentialFile) -> None:
    file.write("ann", SECRET)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    file.path.chmod(0o644)
    assert file.read("ann") is None


async def test_signing_out_deletes_the_secret(file: CredentialFile) -> None:
    store = CredentialStore(list, file=file)
    for name in ("ann", "bob"):
        file.write(name, SECRET + name)
    await store.drop("ann")
    assert (file.read("ann"), file.read("bob")) == (None, SECRET + "bob")
    assert SECRET + "ann" not in file.path.read_text()
    await store.drop("bob")
    assert not file.exists


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b'{"ann": 3}', b"\xff\xfe"])
async def test_a_damaged_file_holds_no_secret_and_takes_a_new_one(file: CredentialFile, damage: bytes) -> None:
    file.write("ann", SECRET)
    file.path.write_bytes(damage)
    assert file.read("ann") is None
    file.write("ann", SECRET)
    assert file.read("ann") == SECRET


async def test_a_folder_that_cannot_be_written_keeps_the_secret_in_memory(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    store = CredentialStore(list, file=CredentialFile(tmp_path / "state" / "credentials.json"))
    await store.put("ann", SECRET)
    assert not await store.put_in_file("ann")
    assert await store.get("ann") == SECRET
