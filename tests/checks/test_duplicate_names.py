"""Two monitors of one name cannot be told apart."""

from __future__ import annotations

from dd_sync.errors import Severity
from tests.checks.conftest import RATE, Lint, said


def test_two_monitors_of_one_name_are_told_apart_from_the_second_on(lint: Lint) -> None:
    text = RATE + RATE.removeprefix("monitors:\n").replace("stream-rate", "z").replace("Streams", "streams ")
    text = text.replace("name: streams ", "name: STREAMS")
    (problem,) = lint(text)
    assert said((problem,)) == [
        "duplicate-names: 'STREAMS' is also the name of the monitor 'stream-rate' @ STREAMS"
    ]
    assert problem.severity is Severity.WARNING
