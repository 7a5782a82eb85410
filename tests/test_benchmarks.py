"""The benchmarks still run; what they say of anybody's speed is not judged here."""

import json
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.processes import ROOT
from tests.benchmarks.results import Line, Target


def test_a_measure_runs_and_is_written_down(tmp_path: Path) -> None:
    """One measure from the command line to its line, figure, control and JSON."""
    out = tmp_path / "run.json"
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--only", "decode"]
    done = subprocess.run(
        [*command, "--json", str(out)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    assert "target ≤ 3.3" in done.stdout
    (line,) = json.loads(out.read_text("utf-8"))["measures"]
    assert line["figure"] == line["rows"]["lightfast decode"]["CPU ÷ base"]["median"]
    assert 0.5 < line["control"] < 2


def test_a_verdict_needs_a_control_that_reads_one() -> None:
    """A figure counts when the base's twin is as fast as the base, and never otherwise."""
    target = Target("≤", 1.2)
    line = Line(name="x", what="y", figure=1.1, target=target, control=1.02)
    assert line.verdict == "pass"
    assert Line(name="x", what="y", figure=1.3, target=target, control=1.02).verdict == "MISS"
    assert "no verdict" in Line(name="x", what="y", figure=1.1, target=target, control=1.2).verdict
