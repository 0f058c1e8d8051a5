"""The bench measures what it says, and says what it could not measure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from dd_sync.catalog.load import load
from tests.bench.bars import BARS, floor, plan
from tests.bench.measure import Failed, cpu_seconds, ratio, spend
from tests.bench.report import Result, comparison, line
from tests.bench.stage import stage


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", code)


def test_cpu_is_counted_and_sleep_is_not() -> None:
    busy = cpu_seconds(python("import time\nwhile time.process_time() < 0.3: pass"), {})
    assert busy >= 0.3
    assert cpu_seconds(python("import time; time.sleep(0.3)"), {}) < busy


def test_both_sides_take_turns_and_the_first_round_is_not_counted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    write = "import sys; open(sys.argv[1], 'a').write(sys.argv[2])"
    found = ratio(
        lambda turn: (*python(write), str(log), f"a{turn} "),
        lambda turn: (*python(write), str(log), f"b{turn} "),
        rounds=2,
        environ={},
    )
    assert log.read_text().split() == ["a0", "b0", "a1", "b1", "a2", "b2"]
    assert found.value == found.seconds / found.baseline_seconds


def test_a_command_that_fails_has_no_speed() -> None:
    with pytest.raises(Failed, match="exit 3: broken"):
        cpu_seconds(python("import sys; print('broken', file=sys.stderr); sys.exit(3)"), {})


def test_a_command_that_is_missing_has_no_speed() -> None:
    with pytest.raises(Failed, match="no-such-program cannot be started"):
        cpu_seconds(("no-such-program",), {})


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        (Result("x", "y", 3.0, ratio=3.0), "holds"),
        (Result("x", "y", 3.0, ratio=3.01), "MISSED"),
        (Result("x", "y", 3.0, failure="exit 4"), "not measured: exit 4"),
    ],
)
def test_a_bar_holds_up_to_its_value_and_not_unmeasured(result: Result, verdict: str) -> None:
    assert result.verdict == verdict
    assert result.holds == (verdict == "holds")
    assert line(result).endswith(verdict)


def test_a_comparison_tells_changes_beyond_the_noise_and_missed_bars() -> None:
    before = [Result("same", "i", 3, ratio=1.0), Result("slower", "i", 3, ratio=1.0)]
    after = [
        Result("same", "i", 3, ratio=1.1),
        Result("slower", "i", 3, ratio=1.5),
        Result("new", "i", 3, ratio=3.5),
    ]
    rows = comparison(before, after).splitlines()[2:]
    assert rows == [
        "| same | 1.00 x | 1.10 x | 3.00 x |  |",
        "| slower | 1.00 x | 1.50 x | 3.00 x | +50% |",
        "| new | – | 3.50 x | 3.00 x | MISSED |",
    ]


def test_two_result_files_become_a_table(tmp_path: Path, root: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text(json.dumps([Result("x", "y", 3.0, ratio=2.0).json()]))
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--compare", file, file],
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "| x | 2.00 x | 2.00 x | 3.00 x |  |" in done.stdout


def test_the_generated_catalog_has_the_asked_for_number_of_sound_guards() -> None:
    with stage() as here:
        loading = load(here.catalog(150), environ={}, env=None, today=date(2026, 1, 1))
    assert [problem for problem in loading.problems if problem.is_error] == []
    assert loading.catalog is not None
    assert len(loading.catalog.monitors) == 150


def test_every_promised_bar_is_there_once() -> None:
    assert {bar.name: bar.at_most for bar in BARS} == {
        "dd-sync --help": 1.0,
        "a snooze against the local Datadog": 3.0,
        "check of 1,000 guards": 10.0,
        "check of 10,000 guards": 11.0,
        "plan of 10,000 monitors": 1.0,
        "plan of 10,000 monitors, time": 1.0,
        "plan of 10,000 monitors, memory": 1.0,
        "plan of 10,000 against 1,000": 11.0,
        "apply of 1,000 creates, time": 1.25,
        "unit test of 1,000 series, time": 1 / 12,
        "100 scenarios of a day, time": 1.0,
        "query parse of 20,000 queries": 12.0,
    }


def test_time_is_of_the_process_itself() -> None:
    asleep = spend(python("import time; time.sleep(0.3)"), {})
    assert asleep.wall >= 0.3 > asleep.cpu


def test_memory_is_of_the_process_that_is_measured(root: Path) -> None:
    # From a small process, as `make bench` is: a child begins with what its parent had in memory.
    code = (
        "import sys\n"
        "from tests.bench.measure import spend\n"
        "for work in ('pass', 'x = bytearray(80_000_000)'):\n"
        "    print(spend([sys.executable, '-c', work], {}).peak)\n"
    )
    printed = subprocess.run(python(code), cwd=root, capture_output=True, text=True, check=True).stdout
    small, large = map(float, printed.split())
    assert large > 76 > small


def test_a_baseline_may_be_a_number() -> None:
    found = ratio(lambda _: python("pass"), 100.0, rounds=1, environ={}, of="peak")
    assert found.seconds > 0
    assert found.value == pytest.approx(found.seconds / 100)


def test_floor_and_plan_agree_that_the_canned_monitors_are_in_sync(root: Path) -> None:
    with stage() as here:
        for command in (plan(1_050), floor(1_050)):
            done = subprocess.run(
                command(here)(0),
                env={**os.environ, **here.environ},
                capture_output=True,
                text=True,
                check=True,
            )
            assert "1050 unchanged" in done.stdout
