"""Every check, by name: `nox` runs the default ones, `nox -s bench` and others what they say."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tomllib
from pathlib import Path

import nox
import nox.project

HERE = Path(__file__).parent
PROJECT = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
# Most tests wait for something: more of them at once than there are cores. A file stays together,
# and files come in the order of tests/conftest.py.
PARALLEL = ["-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"]
# Slow tests say the same on every Python and with all versions of dependencies: the oldest Python runs them.
NOT_SLOW = ["-m", "not slow"]
# The core's tests: they need no extra, and the group `core-test`.
CORE = ["tests/test_laws.py", "tests/test_client.py", "tests/test_sync.py", "tests/test_portal.py", "tests/test_config.py", "tests/test_auth.py", "tests/test_keys_and_addresses.py", "tests/test_headers.py", "tests/test_hooks.py", "tests/test_bulk.py", "tests/test_retry.py", "tests/test_drift.py", "tests/test_models.py", "tests/test_values.py", "tests/test_exceptions.py", "tests/test_validate.py", "tests/test_loopback.py", "tests/test_parity.py", "tests/wire", "tests/transport"]  # fmt: skip
# What depends on the versions of dependencies, or on the Python, beyond the core.
LOWEST = [*CORE, "tests/batch", "tests/cli", "tests/emulator/accounts", "tests/emulator/api", "tests/emulator/console", "tests/emulator/embedding", "tests/emulator/search", "tests/faults", "tests/lifecycle", "tests/mcp"]  # fmt: skip
BETWEEN = {"3.12": [*CORE, "tests/batch", "tests/cli/test_search.py", "tests/emulator/test_emulator.py", "tests/emulator/accounts/test_sessions.py", "tests/emulator/api/test_contract.py", "tests/emulator/console/test_api.py", "tests/emulator/embedding/test_index.py", "tests/emulator/faults", "tests/emulator/search/test_search.py", "tests/emulator/sources/test_git.py", "tests/faults/test_tls.py", "tests/lifecycle", "tests/mcp/test_tools.py"]}  # fmt: skip

# Percent of lines and branches that the tests of each package must reach. A pattern does not look into folders.
FLOORS = {
    "lightfast/*.py,lightfast/_wire/*.py,lightfast/_transport/*.py": 95,
    "lightfast/batch/*.py": 90,
    "lightfast/cli/*.py": 90,
    "lightfast/integrations/*.py": 95,
    "lightfast/mcp/*.py": 90,
    "lightfast/emulator/*.py": 92,
    "lightfast/emulator/accounts/*.py": 97,
    "lightfast/emulator/api/*.py": 95,
    "lightfast/emulator/console/*.py": 92,
    "lightfast/emulator/control/*.py": 97,
    "lightfast/emulator/embedding/*.py": 95,
    "lightfast/emulator/faults/*.py": 97,
    "lightfast/emulator/search/*.py": 95,
    "lightfast/emulator/sources/*.py": 93,
}

# Hundreds of processes import what is installed here: compile it once, when it is first imported.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ.setdefault("PIP_COMPILE", "0")

# Interpreters that pyenv keeps beside its own are found, too; those on PATH come first.
_pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
os.environ["PATH"] += "".join(
    f"{os.pathsep}{found / 'bin'}"
    for version in PYTHONS
    for found in sorted(_pyenv.glob(f"{version}.*"))
)

nox.needs_version = ">=2025.2.9"
nox.options.sessions = [
    "lint",
    "typing",
    "tests",
    "integrations",
    "lowest",
    "aiohttp-next",
    "docs",
    "package",
    "api",
]
nox.options.error_on_missing_interpreters = False  # a missing one is skipped, and said so
if hasattr(nox.options, "allow_parallel"):  # not before 2026: `nox -j 2` runs two sessions at once
    nox.options.allow_parallel = True


def group(name: str) -> list[str]:
    """Return a dependency group of pyproject.toml, with those that it includes."""
    return list(nox.project.dependency_groups(PROJECT, name))


@nox.session(python=PYTHONS[0])
def lint(session: nox.Session) -> None:
    """Check style and likely faults with ruff, and spelling with codespell, as pre-commit does."""
    session.install(*group("lint"))
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("codespell")


@nox.session(python=PYTHONS[0])
def typing(session: nox.Session) -> None:
    """Check types: mypy, strictly, over the package and the helpers of its tests; mypy and pyright over programs as users write them."""
    session.install(".[all]", *group("typing"), *group("test"))
    session.run("mypy")
    session.run("pytest", "tests/test_typing.py")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run all tests, with coverage, on the oldest Python; all but the slow ones on the newest; a few of each part between."""
    oldest, between = session.python == PYTHONS[0], BETWEEN.get(str(session.python), [])
    extras = "cli,keyring,emulator,mcp,semantic" if oldest else "all"
    session.install("-e", f".[{extras}]", *group("core-test" if between else "test"))
    if not oldest or session.posargs:
        session.run("pytest", *(session.posargs or [*PARALLEL, *NOT_SLOW, *between]))
        return
    session.run("pytest", *PARALLEL, "--cov", "--cov-report=")
    for files, floor in FLOORS.items():
        session.log(f"coverage of {files}, at least {floor} %")
        session.run("coverage", "report", f"--include={files}", f"--fail-under={floor}")


@nox.session(python=PYTHONS[0])
def integrations(session: nox.Session) -> None:
    """Test with the real frameworks on the other side: web, data frames, notebooks, agents."""
    session.install("-e", ".[cli,emulator,langchain]", *group("core-test"), *group("integrations"))
    session.run("pytest", *(session.posargs or ["tests/integrations"]))


@nox.session(python=PYTHONS[0])
def recipes(session: nox.Session) -> None:
    """Run the how-to's recipes with LlamaIndex, Haystack, Pydantic AI, OpenAI and DSPy."""
    session.install("-e", ".[cli,emulator]", *group("test"), *group("recipes"))
    session.run("pytest", *(session.posargs or ["tests/recipes"]))


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """Test with the oldest versions of dependencies that we say we support, those of the extras included."""
    session.install("-e", ".[all]", *_oldest(), *group("core-test"))
    described = "--ignore=tests/emulator/api/test_openapi.py"  # slow, and needs the whole group
    session.run("pytest", *(session.posargs or [*PARALLEL, *NOT_SLOW, described, *LOWEST]))


def _oldest() -> list[str]:
    """Return every requirement of the package and its extras, at its floor."""
    extras = PROJECT["project"]["optional-dependencies"].values()
    requirements = [*PROJECT["project"]["dependencies"], *(r for extra in extras for r in extra)]
    return [
        re.sub(r">=\s*([\w.]+)[^;]*", r"==\1", requirement)
        for requirement in requirements
        if not requirement.startswith("lightfast[")
    ]


@nox.session(name="aiohttp-next", python=PYTHONS[0])
def aiohttp_next(session: nox.Session) -> None:
    """Show how the core does on aiohttp's newest pre-release, or one given, and its oldest 3.14.

    An argument is a requirement, such as a checkout of its repository. A failure is shown and does
    not fail the session: it tells what has to be done before a release becomes a known one.
    """
    session.install("-e", ".[cli,emulator]", *group("core-test"))
    given = session.posargs or ["aiohttp"]
    for requirement, options in ((given[0], ["--pre", "--upgrade"]), ("aiohttp==3.14.0", [])):
        session.run("python", "-m", "pip", "install", "-q", *options, requirement, silent=True)
        code = "import aiohttp; print(aiohttp.__version__)"
        version = session.run("python", "-c", code, silent=True)
        output = session.run("pytest", "-q", *PARALLEL, *CORE, silent=True, success_codes=range(6))
        session.log(f"aiohttp {str(version).strip()}: {str(output).strip().splitlines()[-1]}")


@nox.session(python=PYTHONS[0])
def package(session: nox.Session) -> None:
    """Go through a release's checklist: metadata, reproducible archives, and both put to work."""
    tmp = Path(session.create_tmp()).resolve()
    shutil.rmtree(tmp, ignore_errors=True)
    session.install(*group("package"))
    session.run("validate-pyproject", "pyproject.toml", silent=True)
    session.log("[ok] pyproject.toml is valid")
    first, again = (_build(session, tmp / name) for name in ("dist", "again"))
    for archive in first:
        same = archive.read_bytes() == (again[0].parent / archive.name).read_bytes()
        if not same:
            session.error(f"[FAIL] {archive.name}: two builds differ")
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        session.log(f"[ok] {archive.name}: two builds, the same bytes, SHA-256 {digest}")
    wheel, sdist = first
    session.run("twine", "check", "--strict", str(wheel), str(sdist))
    session.run("check-wheel-contents", str(wheel))
    _use_wheel(session, wheel, tmp / "elsewhere")
    _test_sdist(session, sdist, tmp / "sdist")


def _build(session: nox.Session, out: Path) -> tuple[Path, Path]:
    """Build the wheel, from the sdist, and return both."""
    session.run("python", "-m", "build", "--outdir", str(out), str(HERE), silent=True)
    (wheel,), (sdist,) = out.glob("*.whl"), out.glob("*.tar.gz")
    return wheel, sdist


def _use_wheel(session: nox.Session, wheel: Path, elsewhere: Path) -> None:
    """Install the wheel as users do, far from the repository: bare first, then with extras."""
    session.run("python", "-m", "venv", str(elsewhere / "venv"))
    python = str(elsewhere / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python")
    notes = elsewhere / "notes"
    notes.mkdir()
    (notes / "retries.md").write_text("# Retries\n\nFailed requests are retried with jitter.\n")
    session.chdir(notes)
    pip = (python, "-m", "pip", "--disable-pip-version-check")
    session.run(*pip, "install", "-q", str(wheel), external=True)
    session.run(*pip, "check", external=True, silent=True)
    code = "import lightfast; lightfast.Lightfast('sk-lf-x').close(); print(lightfast.__version__)"
    session.run(python, "-W", "error", "-c", code, external=True, silent=True)
    session.log("[ok] the wheel alone: installs, imports, makes a client; dependencies agree")
    session.run(*pip, "install", "-q", f"{wheel}[cli,emulator]", external=True)
    found = session.run(
        python, "-m", "lightfast", "search", "--local", str(notes), "how are failed requests retried?",
        env={"XDG_CACHE_HOME": str(elsewhere / "cache")}, external=True, silent=True,
    )  # fmt: skip
    if "Retries" not in str(found):
        session.error(f"[FAIL] the wheel with [cli,emulator] finds nothing: {found}")
    session.log("[ok] the wheel with [cli,emulator]: `lightfast search --local` answers")
    told = session.run(python, "-m", "lightfast", "changelog", external=True, silent=True)
    if "Added" not in str(told):
        session.error(f"[FAIL] the wheel brings no changelog: {told}")
    session.log("[ok] the wheel brings its changelog: `lightfast changelog` prints it")
    session.chdir(HERE)


def _test_sdist(session: nox.Session, sdist: Path, unpacked: Path) -> None:
    """Install it, unpack it, and run the core's tests that are in it."""
    session.install(f"{sdist}[cli,emulator]", *group("core-test"))
    # In an environment that is used again, the same version may be an older build.
    session.install("--force-reinstall", "--no-deps", str(sdist))
    shutil.unpack_archive(sdist, unpacked, filter="data")
    (tree,) = unpacked.iterdir()
    session.chdir(tree)
    session.run("pytest", "-q", "-p", "no:cacheprovider", *(session.posargs or PARALLEL), *CORE)
    session.log(f"[ok] {sdist.name}: installs, and the core's tests in it pass")
    session.chdir(HERE)


@nox.session(python=PYTHONS[0])
def api(session: nox.Session) -> None:
    """Compare the public API with the last release's: no break without an entry in the changelog."""
    session.install("-e", ".[all]", "griffe", "packaging")
    session.run("python", "-m", "tests.public_api", *session.posargs)


@nox.session(python=PYTHONS[0])
def docs(session: nox.Session) -> None:
    """Build the documentation, into the folder given; a broken link or reference is an error."""
    session.install("-e", ".[all]", *group("docs"))
    out = Path(session.posargs[0] if session.posargs else f"{session.create_tmp()}/html")
    session.run("sphinx-build", "-W", "-E", "--keep-going", "-q", "-b", "html", "docs", str(out))
    session.log("[ok] every link, reference and directive is in order")
    session.run("python", "-m", "tests.docs.site", str(out))
    session.log(f"open {out / 'index.html'}")


@nox.session(python=PYTHONS[0])
def bench(session: nox.Session) -> None:
    """Run the benchmarks against every peer: figures, targets and verdicts."""
    session.install("-e", ".[all]", *group("bench"))
    session.run("python", "-m", "tests.benchmarks", *session.posargs)


@nox.session(python=PYTHONS[0])
def soak(session: nox.Session) -> None:
    """Make 100,000 calls through both faces, 5 % of the attempts faulted; a minute or two."""
    session.install("-e", ".[all]", *group("test"))
    session.run("python", "-W", "error", "-m", "tests.soak", *session.posargs)


@nox.session(python=PYTHONS[0])
def fuzz(session: nox.Session) -> None:
    """Fuzz the reader of answers with atheris for a minute, or as its options say."""
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
    """Measure how well the emulator finds things, mode by mode: `nox -s quality -- --repositories CLONES` asks questions, too."""
    session.install("-e", ".[semantic]")
    kept = Path(session.create_tmp()) / "quality"
    kept.mkdir(exist_ok=True)
    session.run("python", "-m", "tests.quality", str(kept), *session.posargs)
