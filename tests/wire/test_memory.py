"""Reading an answer takes at most 30 times its body's memory, whatever is in it."""

from __future__ import annotations

import gc
import tracemalloc

import orjson
import pytest

from lightfast._wire.converter import WireError, read_search
from tests.servers import contract

SIZE = 2_000_000


def answer(**fields: object) -> bytes:
    return orjson.dumps(contract("response_minimal.json") | fields)


def repeated(item: object) -> list[object]:
    return [item] * (SIZE // len(orjson.dumps(item)))


MINIMAL = {"id": "1", "title": "", "snippet": "", "source": "", "type": "", "score": 1}
PLAIN = MINIMAL | {"url": None, "occurredAt": None}
REFERENCE = {"type": "", "id": ""}

ANSWERS = {
    "results": answer(data=repeated(PLAIN)),
    "results with an unknown field": answer(data=repeated(PLAIN | {"new": 1})),
    "results without what is promised": answer(data=repeated(MINIMAL)),
    "results of the second revision": orjson.dumps({"results": repeated(MINIMAL | {"new": 1})}),
    "references": answer(data=[PLAIN | {"references": repeated(REFERENCE)}]),
    "clusters": answer(context={"clusters": repeated({"keywords": None})}),
    "an unknown field of arrays": answer(new=repeated([[12345, 67890], 12345])),
    "an unknown field of objects": answer(new=repeated({"": "value", "a": 12345})),
    "an unknown field of numbers": answer(new=repeated(999)),
    "an unknown field of strings": answer(new=repeated("\u0100")),
    "an unknown field of names": answer(new={f"{number:x}": 0 for number in range(SIZE // 10)}),
    "results before something wrong": answer(data=repeated(PLAIN), requestId=5),
    "results before something wrong, second revision": orjson.dumps(
        {"results": repeated(MINIMAL), "requestId": 5}
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ANSWERS)
def test_an_answer_is_in_memory_once(what):
    """To say how it deviates, or what is wrong, a large answer was held twice: 60 times its size."""
    body = ANSWERS[what]
    gc.collect()
    tracemalloc.start()
    try:
        response = read_search(body)
    except WireError as error:
        assert "something wrong" in what, error
    else:
        assert bool(response.drift) == (what not in {"results", "references"})
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 30 * len(body), f"{peak / len(body):.0f} times the body"
