"""The search API on your own machine: offline, from your own repository.

::

    async with Emulator(["."]) as emulator:
        async with AsyncLightfast(
            api_key=emulator.create_api_key(), base_url=emulator.base_url
        ) as client:
            print(await client.search("how are failed requests retried?"))

`Emulator` answers HTTP as the service does: API keys and sessions, organizations and their members, a console in the
browser at `Emulator.console_url`. `faults` makes it misbehave for tests. It knows nothing of the SDK, so that one can
prove the other wrong.
"""

from __future__ import annotations

from lightfast.emulator import faults
from lightfast.emulator.accounts.keys import ApiKey
from lightfast.emulator.accounts.people import Member, Organization, User
from lightfast.emulator.api.dialect import ApiRevision, Behavior
from lightfast.emulator.embedding.base import Embedder, EmbeddingProgress
from lightfast.emulator.emulator import Emulator
from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.faults.script import RecordedRequest
from lightfast.emulator.sample import SAMPLE
from lightfast.emulator.search.contents import DocumentContents, RelatedDocument
from lightfast.emulator.search.index import CorpusInfo
from lightfast.emulator.sources.left_out import LeftOut

__all__ = [
    "SAMPLE",
    "ApiKey",
    "ApiRevision",
    "Behavior",
    "CorpusInfo",
    "DocumentContents",
    "Embedder",
    "EmbeddingProgress",
    "Emulator",
    "EmulatorError",
    "LeftOut",
    "Member",
    "Organization",
    "RecordedRequest",
    "RelatedDocument",
    "User",
    "faults",
]
