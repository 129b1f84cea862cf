"""What one change costs a swarm's ledger, for each of those who are to hear of it: `python benchmarks/ledger.py`.

Printed in µs an expectation: to enter it, to match its receipt, and to forget it; the changes are about one thing, or
about several in turn, as the plans of plan_watch are.
"""

import argparse
from time import process_time

from eventproof.load.books import Books
from eventproof.load.ledger import Ledger

_EVENT = "UPDATE"


class Recipient:
    """Somebody who is told."""


def measured(recipients: int, changes: int, *, subjects: int) -> tuple[float, float, float]:
    """The seconds an expectation that entering, receiving and forgetting took."""
    books, people = (
        Books({}, lambda *_: None, Ledger(kept=5.0, patience=10.0)),
        [Recipient() for _ in range(recipients)],
    )
    enter = receive = forget = now = 0.0
    for number in range(changes):
        now, subject, began = now + 0.25, number % subjects, process_time()
        books.expect(f"change {number}", _EVENT, people, at=now, deadline=now + 5, subject=subject)
        entered = process_time()
        for person in people:
            books.received(_EVENT, person, now + 0.1, subject=subject, mark=number)
        received = process_time()
        books.ledger.settle(now + (0.2 if number < changes - 1 else 1000))
        enter, receive = enter + entered - began, receive + received - entered
        forget += process_time() - received
    tally = books.ledger.tally(_EVENT)
    assert tally.expected == tally.delivered == recipients * changes  # noqa: S101 - else nothing was measured
    return enter / tally.expected, receive / tally.expected, forget / tally.expected


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=4750)
    parser.add_argument("--changes", type=int, default=40)
    options = parser.parse_args()
    print(f"{options.changes} changes for {options.recipients} recipients, µs an expectation\n")
    print(f"{'':20}{'enter':>10}{'receive':>10}{'forget':>10}")
    for subjects in (1, 5, options.changes):
        cost = measured(options.recipients, options.changes, subjects=subjects)
        print(f"{f'about {subjects}':20}" + "".join(f"{seconds * 1e6:10.1f}" for seconds in cost))


if __name__ == "__main__":
    main()
