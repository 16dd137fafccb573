"""A disk that forgets: SQLite on a recording file system, and the images a power cut may leave of it.

The model (SQLite's own, and LazyFS's): what was written before the last sync of a file is there. Of the later writes
any subset is there, each whole or torn at a 512-byte sector. A removed file may be back until its folder was synced.
Needs `apsw`, whose SQLite lets a program bring its own file system; the outbox under test is the real one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

from gonogo.desk.outbox.schema import Disk, connect, set_up

SECTOR = 512


@dataclass(frozen=True, slots=True)
class Event:
    """`kind`: write, truncate, sync, remove, rename (to `data`), folder (was synced), promise (`name` was saved)."""

    kind: str
    name: str
    offset: int = 0
    data: bytes = b""


@dataclass
class Recorder:
    """Everything that happened to the files, in order."""

    events: list[Event] = field(default_factory=list)

    def add(self, kind: str, name: str, offset: int = 0, data: bytes = b"") -> None:
        self.events.append(Event(kind, name, offset, data))

    def promise(self, name: str) -> None:
        self.add("promise", name)

    def image(self, upto: int, chance: random.Random) -> dict[str, bytes]:
        """What may lie on the disk when the power goes after `upto` events: file contents by name."""
        safe: dict[str, bytearray] = {}
        late: dict[str, list[Event]] = {}
        removed: dict[str, bytes] = {}
        renamed: list[tuple[str, str]] = []
        for event in self.events[:upto]:
            if event.kind in ("write", "truncate"):
                late.setdefault(event.name, []).append(event)
                safe.setdefault(event.name, bytearray())
            elif event.kind == "sync":
                for one in late.pop(event.name, []):
                    _apply(safe[event.name], one)
            elif event.kind == "remove":
                late.pop(event.name, None)
                removed[event.name] = bytes(safe.pop(event.name, b""))
            elif event.kind == "rename":
                new = event.data.decode()
                safe[new] = safe.pop(event.name)
                late[new] = late.pop(event.name, [])
                renamed.append((event.name, new))
            elif event.kind == "folder":
                removed.clear()
                renamed.clear()
        for name, events in late.items():
            for one in events:
                if chance.random() < 0.5:
                    _apply(safe[name], _torn(one, chance))
        for old, new in reversed(renamed):  # until the folder is synced, the old name may still stand there
            if chance.random() < 0.5:
                safe[old] = safe.pop(new)
        back = {name: data for name, data in removed.items() if name not in safe and chance.random() < 0.5}
        return {**back, **{name: bytes(data) for name, data in safe.items()}}

    def promised(self, upto: int) -> set[str]:
        return {event.name for event in self.events[:upto] if event.kind == "promise"}


def _apply(content: bytearray, event: Event) -> None:
    if event.kind == "truncate":
        del content[event.offset :]
        return
    if len(content) < event.offset:
        content.extend(bytes(event.offset - len(content)))
    content[event.offset : event.offset + len(event.data)] = event.data


def _torn(event: Event, chance: random.Random) -> Event:
    """Now and then only the first sectors of a write arrive."""
    sectors = len(event.data) // SECTOR
    if event.kind != "write" or sectors < 2 or chance.random() < 0.7:
        return event
    return Event("write", event.name, event.offset, event.data[: SECTOR * chance.randrange(1, sectors)])


class _File(apsw.VFSFile):
    def __init__(self, recorder: Recorder, filename: Any, flags: list[int]) -> None:
        name = filename.filename() if isinstance(filename, apsw.URIFilename) else filename
        self._recorder, self._name = recorder, Path(name).name if name else ""
        super().__init__("", filename, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        self._recorder.add("write", self._name, offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self._recorder.add("truncate", self._name, size)
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self._recorder.add("sync", self._name)


class _Disk(apsw.VFS):
    def __init__(self, recorder: Recorder, name: str) -> None:
        self._recorder = recorder
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> _File:
        return _File(self._recorder, name, flags)

    def xDelete(self, filename: str, sync_folder: bool) -> None:
        super().xDelete(filename, sync_folder)
        self._recorder.add("remove", Path(filename).name)
        if sync_folder:
            self._recorder.add("folder", "")


class _Row(dict[str, Any]):
    """By name and by place, as `sqlite3.Row`."""

    def __getitem__(self, key: Any) -> Any:
        return list(self.values())[key] if isinstance(key, int) else super().__getitem__(key)


class _Rows:
    """What `sqlite3.Connection.execute` returns, as far as the outbox uses it."""

    def __init__(self, rows: list[_Row], rowcount: int) -> None:
        self._rows, self.rowcount = rows, rowcount

    def fetchone(self) -> _Row | None:
        return self._rows[0] if self._rows else None

    def fetchall(self) -> list[_Row]:
        return self._rows

    def __iter__(self) -> Iterator[_Row]:
        return iter(self._rows)


class Connection:
    """An apsw connection with the face of `sqlite3.Connection`."""

    def __init__(self, path: Path, vfs: str) -> None:
        self._db = apsw.Connection(str(path), vfs=vfs)

    @property
    def in_transaction(self) -> bool:
        return bool(self._db.in_transaction)

    def execute(self, sql: str, values: tuple[Any, ...] = ()) -> _Rows:
        cursor = self._db.cursor()
        rows = []
        for values_ in cursor.execute(sql, tuple(values)):
            names = [column[0] for column in cursor.get_description()]
            rows.append(_Row(zip(names, values_, strict=True)))
        return _Rows(rows, self._db.changes())

    def executemany(self, sql: str, rows: Iterable[Any]) -> None:
        for values in rows:
            self.execute(sql, tuple(values))

    def executescript(self, sql: str) -> None:
        self._db.execute(sql)

    def close(self) -> None:
        self._db.close()


@contextmanager
def recording(after: tuple[str, ...] = ()) -> Iterator[tuple[Recorder, Callable[[Path], Any]]]:
    """A recorder, and a way to open an outbox on it; the statements `after` then change what the outbox has set."""
    recorder = Recorder()
    name = f"recording-{id(recorder)}"
    disk = _Disk(recorder, name)

    def open_file(path: Path) -> Any:
        connection: Any = Connection(path, name)
        set_up(connection, path, sync=synced)
        for statement in after:
            connection.execute(statement)
        return connection

    def rename(old: Path, new: Path) -> None:
        old.replace(new)
        recorder.add("rename", old.name, data=new.name.encode())

    def synced(_folder: Path) -> None:
        recorder.add("folder", "")

    try:
        yield recorder, lambda path: connect(path, Disk(open_file, rename, synced))
    finally:
        disk.unregister()
