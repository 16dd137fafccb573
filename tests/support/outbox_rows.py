"""Puts answers into an outbox until it is killed; also a module for the tests to put them with."""

from __future__ import annotations

import sys
from pathlib import Path

from gonogo.desk.annotate.submit_request import submission_request
from gonogo.desk.core.models import Decision, DeskTask, Times
from gonogo.desk.outbox.outbox import Outbox
from gonogo.desk.outbox.rows import Address

ANN = Address("http://a.localhost", "ann", "c1")
BOB = Address("http://a.localhost", "bob", "c1")


def task(name: str) -> DeskTask:
    links = (("feature", "f1"),)
    return DeskTask(name, "c1", f"Is {name} right?", {"text": "⌀16"}, links=links, bbox=(0.0, 0.1, 1.0, 0.2))


def put(outbox: Outbox, name: str, address: Address = ANN, size: int = 10) -> int:
    decision = Decision("incorrect", {"text": "x" * size}, 0.6, Times(100, 20, 3, 4, True))
    return outbox.add(address, task(name), decision, submission_request(name, decision))


def main(path: str, label: str) -> None:
    outbox, number = Outbox(Path(path)), 0
    while True:
        put(outbox, f"{label}-{number}")
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        number += 1


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
