"""The search API on your own machine: offline, from your own repository.

::

    async with Emulator(["."]) as emulator:
        async with AsyncLightfast(
            api_key=emulator.create_api_key(), base_url=emulator.base_url
        ) as client:
            print(await client.search("how are failed requests retried?"))

`Emulator` answers HTTP as the service does: API keys and sessions, organizations and their members, a console in the
browser at `Emulator.console_url`. `trouble` makes it misbehave for tests. It knows nothing of the SDK, so that one can
prove the other wrong.
"""

from __future__ import annotations

from lightfast.emulator import trouble
from lightfast.emulator.embedding import Embedder
from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.index import CorpusInfo
from lightfast.emulator.keys import ApiKey
from lightfast.emulator.people import Member, Organization, User
from lightfast.emulator.progress import EmbeddingProgress
from lightfast.emulator.rehearsal import RecordedRequest
from lightfast.emulator.sample import SAMPLE
from lightfast.emulator.service import Emulator

__all__ = [
    "SAMPLE",
    "ApiKey",
    "CorpusInfo",
    "Embedder",
    "EmbeddingProgress",
    "Emulator",
    "EmulatorError",
    "Member",
    "Organization",
    "RecordedRequest",
    "User",
    "trouble",
]
