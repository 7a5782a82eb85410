"""Index of repositories, files and observations on this machine, searched without HTTP."""

from __future__ import annotations

import os
import secrets
import shutil
import weakref
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from lightfast.emulator.accounts.people import check_organization
from lightfast.emulator.api.revision_2026_04_03 import DOCUMENTED
from lightfast.emulator.api.validation import InvalidRequestError
from lightfast.emulator.embedding.select import select_embedder
from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.indexing import Indexing
from lightfast.emulator.paths import corpora_of, expand, make_temporary_directory
from lightfast.emulator.search import retrieval
from lightfast.emulator.search.contents import find_document, find_related, find_similar
from lightfast.emulator.search.facets import facets
from lightfast.emulator.sources.patches import read_patch
from lightfast.emulator.sources.seeds import Seeds
from lightfast.emulator.store import Store
from lightfast.emulator.watch import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lightfast.emulator.embedding.base import EmbeddingProgress
    from lightfast.emulator.embedding.select import EmbedderChoice
    from lightfast.emulator.embedding.semantics import Semantics
    from lightfast.emulator.search.contents import DocumentContents, RelatedDocument
    from lightfast.emulator.search.index import CorpusInfo
    from lightfast.emulator.sources.corpus import Corpus
    from lightfast.emulator.sources.left_out import LeftOut

__all__ = ["LocalIndex"]


class LocalIndex:
    """Index in one database, with everything that keeps it up to date; `Emulator` serves it.

    The arguments are those of `Emulator`.

    Raises:
        EmulatorError: A path cannot be indexed, or the database cannot be used.
    """

    def __init__(
        self,
        paths: Iterable[str | os.PathLike[str]],
        *,
        database: str | os.PathLike[str] | None,
        organization: str,
        code: bool,
        on_progress: Callable[[int, int | None], None] | None,
        embedder: EmbedderChoice,
        on_embedding: Callable[[EmbeddingProgress], None] | None,
        rebuild: bool,
        watch: bool,
    ) -> None:
        organization = check_organization(organization)
        self._organization = organization
        given = [paths] if isinstance(paths, str | Path) else list(paths)
        self._seeds = Seeds()
        self._corpora: list[Corpus] = [
            corpus for path in given for corpus in corpora_of(path, code=code)
        ]
        self._corpora.append(self._seeds)
        temporary = None
        if database is None or os.fspath(database) == ":memory:":
            database = temporary = make_temporary_directory()
            database /= "emulator.sqlite3"
        self._store = Store(expand(database), rebuild=rebuild)
        self._semantics = _semantics(self._store, organization, embedder, on_embedding)
        self._watcher = Watcher(self.refresh) if watch else None
        # Runs at exit, too, when the index was never closed.
        owned = (self._store, self._semantics, self._watcher, temporary, os.getpid())
        self._finalizer = weakref.finalize(self, _dispose, *owned)
        wake = self._semantics.wake if self._semantics else _do_nothing
        self._indexing = Indexing(self._store, organization, self._corpora, on_progress, wake)

    # --- index --------------------------------------------------------------------------------

    def refresh(self) -> int:
        """Index every corpus that has changed.

        Returns:
            The number of documents indexed.

        Raises:
            EmulatorError: A corpus cannot be read; what was indexed of it before stays.
        """
        return self._indexing.refresh()

    async def arefresh(self) -> int:
        """Call `refresh` on another thread, without blocking the event loop."""
        import asyncio  # 15 ms, and blocking callers do without

        return await asyncio.to_thread(self.refresh)

    def embed(self, *, within: float | None = None) -> int:
        """Embed documents on this thread.

        Args:
            within: Seconds after which to stop; None to embed all.

        Returns:
            The number of documents embedded; 0 without an embedder.

        Raises:
            EmulatorError: The model cannot be used.
        """
        semantics = self._semantics
        return self._indexing.healed(lambda: semantics.embed(within)) if semantics else 0

    def start_embedding(self) -> None:
        """Embed in the background, at low priority, from now on until `close`; nothing without an embedder."""
        if self._semantics:
            self._semantics.start(self._indexing.healed)

    @property
    def embedding_progress(self) -> EmbeddingProgress | None:
        """The progress of embedding; None without an embedder."""
        return self._indexing.healed(self._semantics.progress) if self._semantics else None

    @property
    def is_embedding(self) -> bool:
        """True while documents are embedded in the background."""
        return self._semantics is not None and self._semantics.is_busy

    @property
    def documents(self) -> int:
        """The number of documents indexed for the organization."""
        return self._indexing.healed(lambda: self._indexing.index.documents)

    def corpora(self) -> list[CorpusInfo]:
        """Return what is indexed for the organization, one item for each corpus."""
        return self._indexing.healed(self._indexing.index.corpora)

    def seed(self, observations: Iterable[Mapping[str, Any]]) -> int:
        """Index observations, named as in a JSON-lines file; they are gone when the emulator ends.

        Args:
            observations: Such as ``{"title": "Login fails", "source": "linear", "type": "issue"}``. One with the
                ``id`` of an earlier one replaces it.

        Returns:
            The number of documents indexed.

        Raises:
            EmulatorError: One of them is not an observation.
        """
        self._seeds.add(observations)
        return self.refresh()

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Files that indexing passed over, by reason: of kinds that are not read, too large, unreadable."""
        return self._indexing.healed(self._indexing.index.left_out)

    # --- searching without HTTP ---------------------------------------------------------------

    def search(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a search without serving: JSON as documented in, JSON as documented out.

        Args:
            request: The body of a request, such as ``{"query": "login bug", "limit": 3}``.

        Raises:
            EmulatorError: The request is invalid, or the database cannot be used.
        """
        started = perf_counter()
        try:
            query = DOCUMENTED.query_from(dict(request))
        except InvalidRequestError as error:
            raise EmulatorError(f"Invalid request: {error}") from None
        meaning = self._semantics.meaning if self._semantics else None
        try:
            found = self._indexing.healed(
                lambda: retrieval.search(self._store, self._organization, query, meaning)
            )
        except retrieval.NotConfiguredError:
            raise EmulatorError("Nothing is indexed yet; call `refresh` first.") from None
        content = found.content(query, {"total": perf_counter() - started})
        return {**content, "requestId": f"req_{secrets.token_hex(12)}"}

    def facets(self) -> dict[str, Any]:
        """Return the number of documents, by provider (``sources``) and by kind (``types``)."""
        return self._indexing.healed(lambda: facets(self._store, self._organization))

    # --- documents ----------------------------------------------------------------------------

    def document(self, identifier: str) -> DocumentContents:
        """Return an indexed document, whole.

        Args:
            identifier: The ID of a search result, or a commit's hash of seven digits or more.

        Raises:
            EmulatorError: There is no such document.
        """
        return self._indexing.healed(
            lambda: find_document(self._store, self._organization, identifier)
        )

    def patch(self, identifier: str) -> str | None:
        """Return what a commit changed, as a unified diff; None for other documents.

        Args:
            identifier: The ID of the commit, as for `document`.

        Raises:
            EmulatorError: There is no such document.
        """
        sha = self.document(identifier).commit
        return read_patch(self._corpora, sha) if sha else None

    def similar(self, identifier: str, *, limit: int = 10) -> list[dict[str, Any]]:
        """Return the documents that are most like one, as the API's search results.

        Args:
            identifier: The ID of the document, as for `document`.
            limit: The largest number of documents to return.

        Raises:
            EmulatorError: There is no such document.
        """
        meaning = self._semantics.meaning if self._semantics else None
        return self._indexing.healed(
            lambda: find_similar(
                self._store, self._organization, identifier, limit=limit, meaning=meaning
            )
        )

    def related(self, identifier: str) -> list[RelatedDocument]:
        """Return what a document refers to, and what refers to it.

        Args:
            identifier: The ID of the document, as for `document`.

        Raises:
            EmulatorError: There is no such document.
        """
        return self._indexing.healed(
            lambda: find_related(self._store, self._organization, identifier)
        )

    def close(self) -> None:
        """Close the database."""
        self._finalizer()


def _do_nothing() -> None:
    """Wake nobody, where nothing is embedded."""


def _semantics(
    store: Store,
    organization: str,
    embedder: EmbedderChoice,
    on_progress: Callable[[EmbeddingProgress], None] | None,
) -> Semantics | None:
    selected = select_embedder(embedder)
    if selected is None:
        return None
    # Needs numpy, which only the extra brings.
    from lightfast.emulator.embedding.semantics import Semantics

    return Semantics(store, organization, selected, on_progress)


def _dispose(
    store: Store,
    semantics: Semantics | None,
    watcher: Watcher | None,
    temporary: Path | None,
    owner: int,
) -> None:
    if os.getpid() != owner:
        return  # a forked child exits; the file is its parent's
    if watcher:
        watcher.stop()
    if semantics:
        semantics.stop()
    store.close()
    if temporary:
        shutil.rmtree(temporary, ignore_errors=True)
