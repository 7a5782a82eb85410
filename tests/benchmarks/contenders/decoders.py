"""Router to turn the bytes of an answer into values, without any I/O."""

from collections.abc import Callable
from typing import Any

from tests.benchmarks import payloads
from tests.benchmarks.contenders.base import SyncContender


class Decoder(SyncContender):
    """Reads the ten-result answer over and over."""

    def open(self, url: str, concurrency: int) -> None:
        self._body = payloads.body("lightfast", 100 if "/hundred" in url else 10)
        self._read = self.reader()

    def call(self) -> Any:
        return self._read(self._body)

    def reader(self) -> Callable[[bytes], Any]:
        """Return the function that reads."""
        raise NotImplementedError


class Orjson(Decoder):
    """The base: an untyped dict, nothing checked."""

    def reader(self) -> Callable[[bytes], Any]:
        import orjson

        return orjson.loads


class Lightfast(Decoder):
    def reader(self) -> Callable[[bytes], Any]:
        from tests.benchmarks.contenders.sdk import reader

        return reader()


class Pydantic(Decoder):
    """Unknown fields kept, types checked: the same promise as ours."""

    def reader(self) -> Callable[[bytes], Any]:
        from tests.benchmarks.contenders.pydantic_models import SearchResponse

        return SearchResponse.model_validate_json


class Msgspec(Decoder):
    """Types checked, unknown fields dropped: a smaller promise."""

    def reader(self) -> Callable[[bytes], Any]:
        import msgspec

        from tests.benchmarks.contenders.msgspec_models import SearchResponse

        return msgspec.json.Decoder(SearchResponse).decode


class Cattrs(Decoder):
    """cattrs with camelCase names and nothing else: unknown fields dropped, types coerced."""

    def reader(self) -> Callable[[bytes], Any]:
        from tests.benchmarks.contenders.attrs_models import make_reader

        return make_reader()
