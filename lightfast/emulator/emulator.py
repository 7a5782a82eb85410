"""The emulator as a whole, from indexing to shutdown."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import shutil
import threading
import weakref
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from lightfast.emulator.accounts.admin import Accounts
from lightfast.emulator.accounts.authenticate import Identity
from lightfast.emulator.accounts.people import check_organization
from lightfast.emulator.api.address import (
    BASE_PATH,
    CONTROL_PATH,
    cannot_listen,
    check_address,
    origin,
)
from lightfast.emulator.api.revision_2026_04_03 import DOCUMENTED
from lightfast.emulator.api.validation import InvalidRequestError
from lightfast.emulator.embedding.select import chosen_embedder
from lightfast.emulator.errors import DamagedError, EmulatorError
from lightfast.emulator.faults.script import Script
from lightfast.emulator.paths import corpora_of, expand, make_temporary_directory
from lightfast.emulator.search import retrieval
from lightfast.emulator.search.contents import find_document, find_related, find_similar
from lightfast.emulator.search.facets import facets
from lightfast.emulator.search.index import Index
from lightfast.emulator.sources.patches import read_patch
from lightfast.emulator.sources.seeds import Seeds
from lightfast.emulator.store import Store
from lightfast.emulator.thread import ServingThread
from lightfast.emulator.watch import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from types import TracebackType
    from typing import Self

    from lightfast.emulator.api.dialect import ApiRevision, Behavior
    from lightfast.emulator.embedding.base import EmbeddingProgress
    from lightfast.emulator.embedding.select import EmbedderChoice
    from lightfast.emulator.embedding.worker import Semantics
    from lightfast.emulator.faults.faults import Fault
    from lightfast.emulator.faults.script import RecordedRequest
    from lightfast.emulator.search.contents import DocumentContents, RelatedDocument
    from lightfast.emulator.search.index import CorpusInfo
    from lightfast.emulator.sources.corpus import Corpus
    from lightfast.emulator.sources.left_out import LeftOut

__all__ = ["Emulator"]

T = TypeVar("T")
_log = logging.getLogger("lightfast.emulator.store")


class Emulator:
    """Local server that answers the search API from repositories, files or observations.

    ::

        async with Emulator(["."]) as emulator:  # or `with`, from blocking code
            key = emulator.create_api_key("tests")
            ...  # search at emulator.base_url

    Entering the block indexes what has changed and serves until the block ends. Everything but `base_url` works
    without entering, too; then call `close` when done. All methods may be called from any thread.

    Words are found from the first answer on. Search by meaning follows: while the emulator serves, a thread of
    low priority embeds the documents and keeps the vectors in the database. For a single search, pass
    ``embed_behind=False`` and call `embed` with a time limit, or leave embedding to a longer run with the same
    database.

    Args:
        paths: Git repositories, directories, and files: documents, source code, and what trackers export.
        database: The file that keeps the index and the keys; None or ``":memory:"`` for a temporary one.
        host: The address to listen on.
        port: The port to listen on; 0 for any free one.
        organization: The name of the organization that owns the index and the keys.
        allow_remote: Whether `host` may be an address that other machines can reach.
        session_lifetime: Seconds until a session token expires.
        api_revision: The revision of the API to speak.
        behavior: Whether to speak 2026-04-03 as ``"documented"`` or as the service was ``"observed"`` to: errors
            without a message, filters and offsets that are ignored, totals of the page.
        code: Whether to index source code, file by file and symbol by symbol.
        on_progress: Called now and then with the number of items read for the index and their total, on the
            thread that indexes.
        embedder: What compares by meaning: ``"auto"`` for the model of the extra ``semantic``, if it is installed
            and the environment variable ``LIGHTFAST_EMBEDDER`` is not ``none``; None for words alone.
        embed_behind: Whether to embed while serving.
        index_first: Whether entering indexes before it serves; if not, call `refresh` while it answers from what was
            indexed before.
        on_embedding: Called with the progress of embedding, on the thread that embeds.
        rebuild: Whether a damaged `database` is rebuilt: its accounts are kept as far as they can be read, and
            `paths` are indexed again. Otherwise it is refused.
        watch: Whether to index what changes while it serves, about once a second.
        control_token: The token that the control endpoints below `control_url` require; None for a random one.

    Attributes:
        control_token: The token that the control endpoints require.
        accounts: Organizations, users, sessions and API keys.
        faults: The scripted faults, the revision that is spoken, and the recorded requests.

    Raises:
        EmulatorError: The host is not loopback, a path cannot be indexed, or the database cannot be used.
    """

    def __init__(
        self,
        paths: Iterable[str | os.PathLike[str]] = (),
        *,
        database: str | os.PathLike[str] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        organization: str = "local",
        allow_remote: bool = False,
        session_lifetime: float = 60.0,
        api_revision: ApiRevision = "2026-04-03",
        behavior: Behavior = "documented",
        code: bool = True,
        on_progress: Callable[[int, int | None], None] | None = None,
        embedder: EmbedderChoice = "auto",
        embed_behind: bool = True,
        index_first: bool = True,
        on_embedding: Callable[[EmbeddingProgress], None] | None = None,
        rebuild: bool = False,
        watch: bool = False,
        control_token: str | None = None,
    ) -> None:
        check_address(host, port, allow_remote=allow_remote)
        organization = check_organization(organization)
        self._host = host
        self._port = port
        self._organization = organization
        self._on_progress = on_progress
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
        self._embed_behind = embed_behind
        self._index_first = index_first
        # Runs at exit, too, when nobody closes the emulator.
        self._watcher = Watcher(self.refresh) if watch else None
        self.control_token = control_token or secrets.token_urlsafe(32)
        owned = (self._store, self._semantics, self._watcher, temporary, os.getpid())
        self._finalizer = weakref.finalize(self, _dispose, *owned)
        self._identity = Identity(self._store, session_lifetime=session_lifetime)
        self.accounts = Accounts(self._identity, organization)
        self.faults = Script(api_revision, behavior)
        self._index = Index(self._store, organization)
        self._rebuilding = threading.Lock()
        self._refreshing = threading.Lock()
        self._address: tuple[str, int] | None = None
        self._served: AsyncExitStack | None = None
        self._thread: ServingThread | None = None

    def __repr__(self) -> str:
        place = self.base_url if self._address else "not serving"
        return f"<Emulator {place} organization={self._organization!r} at {self._store.path}>"

    # --- everyday calls -----------------------------------------------------------------------

    def create_api_key(self, name: str = "default", *, expires_at: datetime | None = None) -> str:
        """Create an API key of the emulator's own organization; see `Accounts.create_api_key`."""
        return self.accounts.create_api_key(name, expires_at=expires_at)

    def script(self, *faults: Fault, rate: float | None = None, seed: int = 0) -> None:
        """Let the next requests meet these faults; see `Script.script`."""
        self.faults.script(*faults, rate=rate, seed=seed)

    @property
    def requests(self) -> list[RecordedRequest]:
        """The API's last 1,000 requests, oldest first: ``emulator.requests[-1].json["query"]``."""
        return self.faults.requests

    @property
    def api_revision(self) -> ApiRevision:
        """The revision of the API that is spoken; set it to test your code against the other one.

        Raises:
            EmulatorError: It is set to an unknown one.
        """
        return self.faults.api_revision

    @api_revision.setter
    def api_revision(self, api_revision: ApiRevision) -> None:
        self.faults.api_revision = api_revision

    @property
    def behavior(self) -> Behavior:
        """Whether 2026-04-03 is spoken as documented or as the service was observed to; set it to switch.

        Raises:
            EmulatorError: It is set to an unknown one.
        """
        return self.faults.behavior

    @behavior.setter
    def behavior(self, behavior: Behavior) -> None:
        self.faults.behavior = behavior

    def clear(self) -> None:
        """Forget the script and the recorded requests, and speak as at first again."""
        self.faults.clear()

    # --- index --------------------------------------------------------------------------------

    def refresh(self) -> int:
        """Index every corpus that has changed.

        Returns:
            The number of documents indexed.

        Raises:
            EmulatorError: A corpus cannot be read; what was indexed of it before stays.
        """
        indexed = self._healed(self._refresh)
        if indexed and self._semantics:
            self._semantics.wake()
        return indexed

    def _refresh(self) -> int:
        # Two threads may refresh at once: the watcher's, and one that seeds.
        try:
            with self._refreshing:
                return self._index.refresh(self._corpora, self._on_progress)
        except OSError as error:  # no temporary directory, no file descriptor left
            raise EmulatorError(f"Cannot read what is to be indexed: {error}") from error

    def _healed(self, work: Callable[[], T]) -> T:
        """Do work on the database; if that is damaged and may be rebuilt, rebuild it and do it again."""
        generation = self._store.generation
        try:
            return work()
        except DamagedError as error:
            if not self._store.can_rebuild:
                raise
            _log.warning("rebuilding the index: %s", error.reason)
        with self._rebuilding:  # one thread indexes; the others wait for it
            self._store.rebuild(generation)
            self._refresh()
        return work()

    async def arefresh(self) -> int:
        """Call `refresh` on another thread, without blocking the event loop."""
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
        return self._healed(lambda: semantics.embed(within)) if semantics else 0

    @property
    def embedding_progress(self) -> EmbeddingProgress | None:
        """The progress of embedding; None without an embedder."""
        return self._healed(self._semantics.progress) if self._semantics else None

    @property
    def is_embedding(self) -> bool:
        """Whether documents are being embedded in the background now."""
        return self._semantics is not None and self._semantics.is_busy

    @property
    def documents(self) -> int:
        """The number of documents indexed for the organization."""
        return self._healed(lambda: self._index.documents)

    def corpora(self) -> list[CorpusInfo]:
        """Return what is indexed for the organization, one item for each corpus."""
        return self._healed(self._index.corpora)

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

    def reset(self) -> None:
        """Call `clear`, and remove what `seed` has indexed."""
        self.clear()
        self._seeds.clear()
        self.refresh()

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What indexing passed over, by reason: kinds of files that are not read, files too large or unreadable."""
        return self._healed(self._index.left_out)

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
            found = self._healed(
                lambda: retrieval.search(self._store, self._organization, query, meaning)
            )
        except retrieval.NotConfiguredError:
            raise EmulatorError("Nothing is indexed yet; call `refresh` first.") from None
        content = found.content(query, {"total": perf_counter() - started})
        return {**content, "requestId": f"req_{secrets.token_hex(12)}"}

    def facets(self) -> dict[str, Any]:
        """Return the number of documents, by provider (``sources``) and by kind (``types``)."""
        return self._healed(lambda: facets(self._store, self._organization))

    # --- documents ----------------------------------------------------------------------------

    def document(self, identifier: str) -> DocumentContents:
        """Return an indexed document, whole.

        Args:
            identifier: The ID of a search result, or a commit's hash of seven digits or more.

        Raises:
            EmulatorError: There is no such document.
        """
        return find_document(self._store, self._organization, identifier)

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
        return find_similar(
            self._store, self._organization, identifier, limit=limit, meaning=meaning
        )

    def related(self, identifier: str) -> list[RelatedDocument]:
        """Return what a document refers to, and what refers to it.

        Args:
            identifier: The ID of the document, as for `document`.

        Raises:
            EmulatorError: There is no such document.
        """
        return find_related(self._store, self._organization, identifier)

    # --- serving ------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """The address to give a client, such as ``http://127.0.0.1:8080/api/v1``.

        Raises:
            EmulatorError: The emulator is not serving.
        """
        return self.console_url.rstrip("/") + BASE_PATH

    @property
    def console_url(self) -> str:
        """The address to open in a browser, such as ``http://127.0.0.1:8080/``.

        Raises:
            EmulatorError: The emulator is not serving.
        """
        if self._address is None:
            raise EmulatorError("This emulator is not serving; enter it: `with Emulator(…) as e:`.")
        return origin(*self._address) + "/"

    @property
    def control_url(self) -> str:
        """The address of the control endpoints, such as ``http://127.0.0.1:8080/_emulator``.

        Raises:
            EmulatorError: The emulator is not serving.
        """
        return self.console_url.rstrip("/") + CONTROL_PATH

    async def __aenter__(self) -> Self:
        try:
            if self._index_first:
                await self.arefresh()
            await self._start()
        except BaseException:
            self.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self._stop()
        finally:
            self.close()

    def __enter__(self) -> Self:
        try:
            if self._index_first:
                self.refresh()  # on this thread, so that Ctrl-C reaches it
            self._thread = ServingThread(self._start, self._stop)
            self._thread.start_serving()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the server that `with` started, and close the database."""
        thread, self._thread = self._thread, None
        try:
            if thread:
                thread.stop_serving()
        finally:
            self._finalizer()

    async def _start(self) -> None:
        if self._address is not None:
            raise EmulatorError("This emulator is already serving; create another one.")
        from lightfast.emulator.app import serving  # aiohttp: 60 ms that only a server needs

        async with AsyncExitStack() as stack:
            server = serving(
                self._store,
                self._identity,
                self.faults,
                host=self._host,
                port=self._port,
                organization=self._organization,
                healed=self._healed,
                controlled=self,
                control_token=self.control_token,
                meaning=self._semantics.meaning if self._semantics else None,
            )
            try:
                self._address = await stack.enter_async_context(server)
            except OSError as error:
                raise EmulatorError(cannot_listen(self._host, self._port, error)) from error
            self._served = stack.pop_all()
        if self._semantics and self._embed_behind:
            self._semantics.start()
        if self._watcher:
            self._watcher.start()

    async def _stop(self) -> None:
        served, self._served = self._served, None
        self._address = None
        if served:
            await served.aclose()


def _semantics(
    store: Store,
    organization: str,
    embedder: EmbedderChoice,
    on_progress: Callable[[EmbeddingProgress], None] | None,
) -> Semantics | None:
    selected = chosen_embedder(embedder)
    if selected is None:
        return None
    # Needs numpy, which only the extra brings.
    from lightfast.emulator.embedding.worker import Semantics

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
