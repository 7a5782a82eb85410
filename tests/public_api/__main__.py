"""``python -m tests.public_api``: compare the public API with the last release's.

``--write VERSION`` keeps today's surface as that of a release.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from packaging.version import Version

import lightfast
from tests.public_api import changelog
from tests.public_api.changes import Surface, breaks
from tests.public_api.surface import surface

HERE = Path(__file__).parent
CHANGELOG = HERE.parents[1] / "CHANGELOG.md"


def main() -> None:
    """Run the command that the process was started with."""
    parser = argparse.ArgumentParser(prog="python -m tests.public_api", description=__doc__)
    parser.add_argument("--write", metavar="VERSION", help="keep today's surface as VERSION's")
    arguments = parser.parse_args()
    if arguments.write:
        write(arguments.write)
        return
    last = max((path for path in HERE.iterdir() if path.is_dir() and path.name[0].isdigit()), key=lambda path: Version(path.name))  # fmt: skip
    sys.exit(compare(last))


def write(version: str) -> None:
    """Write the surface of the running package into a folder named after a version."""
    folder = HERE / str(Version(version))
    folder.mkdir(exist_ok=True)
    for name, text in surface().items():
        (folder / name).write_text(text, encoding="utf-8")
        print(f"wrote {folder.name}/{name}")


def compare(folder: Path) -> int:
    """Print a checklist; return 1 when a break or the changelog's form is not in order."""
    text = CHANGELOG.read_text(encoding="utf-8")
    wrong = list(changelog.problems(text, lightfast.__version__))
    for problem in wrong:
        print(f"[FAIL] changelog: {problem}")
    print(f"[{'FAIL' if wrong else 'ok'}] CHANGELOG.md: versions, groups and entries")
    unreleased = [e for e in changelog.entries(text) if e.version == changelog.UNRELEASED]
    found = breaks(read(folder), surface())
    missing = [change for change in found if not change.is_in(unreleased)]
    for change in found:
        mark = "FAIL" if change in missing else "ok"
        where = f"not under {change.group}" if change in missing else "in the changelog"
        print(f"[{mark}] {change.symbol}: {change.what} ({where})")
    print(
        f"[{'FAIL' if missing else 'ok'}] public API: {len(found)} breaking changes since"
        f" {folder.name}, {len(missing)} of them not in the changelog"
    )
    return 1 if wrong or missing else 0


def read(folder: Path) -> Surface:
    """Return the surface of a release."""
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


if __name__ == "__main__":
    main()
