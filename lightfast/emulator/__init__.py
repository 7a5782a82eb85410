"""The search API on your own machine: offline, from your own repository.

::

    async with Emulator(["."]) as emulator:
        async with AsyncLightfast(
            api_key=emulator.create_api_key(), base_url=emulator.base_url
        ) as client:
            print(await client.search("how are failed requests retried?"))

`Emulator` answers HTTP as the service does. It knows nothing of the SDK, so that one can prove the other wrong.
"""

from __future__ import annotations

from lightfast.emulator.embedding import Embedder
from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.identity import ApiKey
from lightfast.emulator.index import CorpusInfo
from lightfast.emulator.progress import EmbeddingProgress
from lightfast.emulator.service import Emulator

__all__ = [
    "ApiKey",
    "CorpusInfo",
    "Embedder",
    "EmbeddingProgress",
    "Emulator",
    "EmulatorError",
]
