"""Times at which files were last committed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightfast.emulator.sources.files import TextFile
    from lightfast.emulator.sources.git import Git

__all__ = ["CommitTimes"]

_FEW = 16  # files that are asked for one by one; more are looked up in one pass through the history


class CommitTimes:
    """Times of files' last commits, remembered from one pass through the history."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def see(self, time: int, names: Iterable[str]) -> None:
        """Take a commit in.

        Args:
            time: When it was made, in Unix seconds.
            names: The files that it touched, from the repository's top.
        """
        for name in names:
            if self._known.get(name, 0) < time:
                self._known[name] = time

    def of(self, git: Git, prefix: str, files: Iterable[TextFile]) -> dict[str, int]:
        """Return when each file was last committed, in Unix seconds, as far as history tells.

        Args:
            git: The repository; asked for those that were not seen.
            prefix: Where the files' root lies in it, with a slash at the end.
            files: The files.
        """
        names = {file.name for file in files}
        times = {name: self._known[prefix + name] for name in names if prefix + name in self._known}
        missing = names - times.keys()
        if len(missing) > _FEW:
            return times | _times(git, missing, ["."])
        for name in missing:
            times |= _times(git, {name}, [f":(literal){name}"])
        return times


def _times(git: Git, wanted: set[str], limits: list[str]) -> dict[str, int]:
    missing = set(wanted)
    times: dict[str, int] = {}
    history = git.log("%ct", "--relative", "HEAD", "--", *limits)
    try:
        with contextlib.closing(history):
            for (time,), names in history:
                times |= dict.fromkeys(missing.intersection(names), int(time))
                missing -= times.keys()
                if not missing:
                    break
    except EmulatorError:
        # Without the trees git cannot tell which files a commit touched.
        if not git.is_partial():
            raise
    return times
