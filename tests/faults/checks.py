"""Checks of every error: ours alone, without the key, printable, bounded, picklable."""

from __future__ import annotations

import copy
import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path

from lightfast import LightfastError
from tests.faults.faces import KEY

TESTS = str(Path(__file__).parents[1])
MESSAGE_BOUND = 2_000
FOREIGN = ("aiohttp", "orjson", "cattrs", "tenacity", "asyncio", "yarl", "multidict", "ssl", "zlib")


def shows_secret(text: str, secret: str = KEY) -> bool:
    """Tell whether any eight characters in a row of a secret stand in a text."""
    body, text = secret.removeprefix("sk-lf-").lower(), text.lower()
    return any(body[start : start + 8] in text for start in range(len(body) - 7))


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that hangs on it."""
    seen: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop()
        if one is None or one in seen:
            continue
        seen.append(one)
        yield one
        todo += [one.__cause__, one.__context__]


def printed(error: BaseException) -> str:
    """Return a traceback as the most talkative printer shows it: chained, and with all locals.

    Frames of the tests are left out: a caller's own variables may well hold the key.
    """
    lines: list[str] = []
    for one in chain(error):
        told = traceback.TracebackException.from_exception(one, capture_locals=True)
        told.__cause__ = told.__context__ = None
        told.stack[:] = [frame for frame in told.stack if TESTS not in frame.filename]
        lines += told.format()
    return "".join(lines)


def check_error(error: LightfastError, secret: str = KEY) -> None:
    """Assert what holds for every error that a caller ever sees."""
    for one in chain(error):
        assert not type(one).__module__.startswith(FOREIGN), f"{one!r} hangs on {error!r}"
        for text in (str(one), repr(one), repr(one.args), repr(one.__dict__)):
            assert not shows_secret(text, secret), text
    assert not shows_secret(printed(error), secret), printed(error)
    check_pickle(error, secret)
    for text in (str(error), error.message, getattr(error, "body", ""), str(error.request_id)):
        assert len(text) <= MESSAGE_BOUND
        assert text.isprintable(), repr(text)
    text = str(error)
    assert text.strip(), repr(error)
    assert text.encode("utf-8")  # no lone surrogate: it can be logged anywhere
    for attempt in error.history:
        assert attempt.outcome.isprintable()
        assert not shows_secret(attempt.outcome, secret)


def check_pickle(error: LightfastError, secret: str = KEY) -> None:
    """Assert that it goes to another process and back whole, without the secret."""
    data = pickle.dumps(error)
    assert not shows_secret(data.decode("latin-1"), secret)
    for again in (pickle.loads(data), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert again.history == error.history
