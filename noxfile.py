"""Every check, by name: `nox` runs the default ones, `nox -s bench` and others what they say."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import nox

HERE = Path(__file__).parent
PROJECT = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))
PYTHONS = ["3.11", "3.12", "3.13"]
# Most tests wait for something: more of them at once than there are cores. A file stays together.
PARALLEL = ["-n", "4", "--dist", "loadfile"]
# What needs the frameworks themselves has a session of its own.
ALONE = ["--ignore=tests/integrations"]

# Interpreters that pyenv keeps beside its own are found, too; those on PATH come first.
_pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
os.environ["PATH"] += "".join(
    f"{os.pathsep}{found / 'bin'}"
    for version in PYTHONS
    for found in sorted(_pyenv.glob(f"{version}.*"))
)

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["lint", "typing", "tests", "integrations", "lowest", "docs", "package"]
nox.options.error_on_missing_interpreters = False  # a missing one is skipped, and said so


def group(name: str) -> list[str]:
    """A dependency group of pyproject.toml."""
    return list(PROJECT["dependency-groups"][name])


@nox.session(python=PYTHONS[0])
def lint(session: nox.Session) -> None:
    """Ruff: style and likely faults."""
    session.install(*group("lint"))
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")


@nox.session(python=PYTHONS[0])
def typing(session: nox.Session) -> None:
    """Mypy, strictly, over the package and the contract file of its public calls."""
    session.install(".[all]", *group("typing"), *group("test"))
    session.run("mypy")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """All tests: on the oldest Python with coverage and without uvloop, on the others with it."""
    extras = "cli,emulator,semantic" if session.python == PYTHONS[0] else "all"
    session.install("-e", f".[{extras}]", *group("test"))
    if session.python != PYTHONS[0] or session.posargs:
        session.run("pytest", *(session.posargs or [*PARALLEL, *ALONE]))
        return
    session.run("pytest", *PARALLEL, *ALONE, "--cov", "--cov-report=")
    session.run("coverage", "report", "--include=lightfast/*.py", "--fail-under=95")


@nox.session(python=PYTHONS[0])
def integrations(session: nox.Session) -> None:
    """The tests with the real frameworks on the other side: web, data frames, notebooks, agents."""
    session.install("-e", ".[all]", *group("test"), *group("integrations"))
    session.run("pytest", *(session.posargs or ["tests/integrations"]))


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """The tests of the core on the oldest versions that we say we support."""
    oldest = [
        re.sub(r">=\s*", "==", requirement) for requirement in PROJECT["project"]["dependencies"]
    ]
    session.install("-e", ".[all]", *oldest, *group("test"))
    session.run("pytest", *(session.posargs or [*PARALLEL, *ALONE]))


@nox.session(python=PYTHONS[0])
def package(session: nox.Session) -> None:
    """The wheel and the sdist, installed elsewhere and put to work."""
    dist = Path(session.create_tmp()) / "dist"
    session.install("build")
    session.run("python", "-m", "build", "--outdir", str(dist), str(HERE), silent=True)
    (wheel,) = sorted(dist.glob("*.whl"))[-1:]
    session.install(f"{wheel}[cli,emulator]")
    session.chdir(session.create_tmp())
    session.run(
        "python", "-c", "import lightfast; print(lightfast.__version__, lightfast.__file__)"
    )
    session.run(
        "lightfast", "search", "--local", str(HERE), "--limit", "3",
        "how are failed requests retried?",
    )  # fmt: skip


@nox.session(python=PYTHONS[0])
def docs(session: nox.Session) -> None:
    """The documentation as pages; a broken link or reference is an error."""
    session.install("-e", ".[all]", *group("docs"))
    out = Path(session.create_tmp()) / "html"
    session.run("sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", str(out))
    session.log(f"open {out / 'index.html'}")


@nox.session(python=PYTHONS[0])
def bench(session: nox.Session) -> None:
    """The benchmarks against every peer: figures, targets and verdicts."""
    session.install("-e", ".[all]", *group("bench"))
    session.run("python", "-m", "tests.benchmarks", *session.posargs)


@nox.session(python=PYTHONS[0])
def soak(session: nox.Session) -> None:
    """100,000 calls through both faces, 5 % of the attempts faulted; a minute or two."""
    session.install("-e", ".[all]", *group("test"))
    session.run("python", "-W", "error", "-m", "tests.soak", *session.posargs)


@nox.session(python=PYTHONS[0])
def fuzz(session: nox.Session) -> None:
    """Atheris on the reader of answers for a minute, or as its options say."""
    session.install("-e", ".[all]", *group("test"))
    found = session.run(
        *("python", "-m", "pip", "install", *group("fuzz")), silent=True, success_codes=[0, 1]
    )
    if session.run("python", "-c", "import atheris", silent=True, success_codes=[0, 1]):
        session.log(found)
        session.skip("NOT FUZZED: atheris cannot be installed here")
    session.run("python", "-m", "tests.fuzz.reader", *(session.posargs or ["-max_total_time=60"]))


@nox.session(python=PYTHONS[0])
def quality(session: nox.Session) -> None:
    """How well the emulator finds things, mode by mode, on documentation and histories that pip brings."""
    session.install("-e", ".[semantic]")
    kept = Path(session.create_tmp()) / "quality"
    kept.mkdir(exist_ok=True)
    session.run("python", "-m", "tests.quality", str(kept), *session.posargs)
