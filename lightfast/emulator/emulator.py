"""The emulator as a whole: its life from the first index to the last answer."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import weakref
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from lightfast.emulator.accounts.admin import Directory
from lightfast.emulator.accounts.authenticate import Identity
from lightfast.emulator.accounts.people import check_organization
from lightfast.emulator.api.address import check_host, no_address, origin
from lightfast.emulator.api.responses import BASE_PATH
from lightfast.emulator.app import serving
from lightfast.emulator.embedding.select import chosen_embedder
from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.faults.rehearsing import Rehearsing
from lightfast.emulator.faults.script import Script
from lightfast.emulator.search.index import Index
from lightfast.emulator.sources.corpus import corpora_at
from lightfast.emulator.store import Store
from lightfast.emulator.thread import ServingThread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType
    from typing import Self

    from lightfast.emulator.embedding.base import EmbeddingProgress
    from lightfast.emulator.embedding.select import EmbedderChoice
    from lightfast.emulator.embedding.worker import Semantics
    from lightfast.emulator.faults.script import ApiRevision
    from lightfast.emulator.search.index import CorpusInfo

__all__ = ["Emulator"]


class Emulator(Directory, Rehearsing):
    """Answers the search API offline, from a repository, files or observations.

    ::

        async with Emulator(["."]) as emulator:  # or `with`, from blocking code
            key = emulator.create_api_key("tests")
            ...  # search at emulator.base_url

    Entering indexes what moved on and serves until the block ends. Everything but `base_url` works without
    entering too; then `close` when done. The methods are safe to call from any thread.

    Words are found from the first answer on. Search by meaning comes in behind it: while it serves, a thread of
    low priority embeds the documents, newest first, and keeps the vectors in the database. What is only there
    for one search should not embed behind its back: pass ``embed_behind=False``, and call `embed` with a limit
    of time, or leave it to a longer run with the same database.

    Args:
        paths: Git repositories, directories, Markdown, reST or JSON-lines files, and what GitHub's API gave as JSON.
        database: The file to keep the index and the keys in; None for a temporary one.
        host: The address to listen on.
        port: The port to listen on; 0 for any that is free.
        organization: Whose index and keys these are.
        allow_remote: Whether `host` may be one that other machines reach.
        session_lifetime: Seconds that a session token lives.
        api_revision: The revision of the API to speak.
        on_progress: Told now and then how many things were read for the index, and of how many, on the thread
            that indexes.
        embedder: What compares by meaning: ``"auto"`` for the one of the extra ``semantic`` if it is installed
            and the environment variable ``LIGHTFAST_EMBEDDER`` is not ``none``; None for words alone.
        embed_behind: Whether to embed while serving.
        on_embedding: Told how far search by meaning has come, on the thread that embeds.

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
        on_progress: Callable[[int, int | None], None] | None = None,
        embedder: EmbedderChoice = "auto",
        embed_behind: bool = True,
        on_embedding: Callable[[EmbeddingProgress], None] | None = None,
    ) -> None:
        check_host(host, allow_remote=allow_remote)
        check_organization(organization)
        self._host = host
        self._port = port
        self._script = Script(api_revision)
        self._organization = organization
        self._on_progress = on_progress
        given = [paths] if isinstance(paths, str | Path) else list(paths)
        self._corpora = [corpus for path in given for corpus in corpora_at(Path(path))]
        temporary = None
        if database is None:
            temporary = tempfile.mkdtemp(prefix="lightfast-emulator-")
            database = Path(temporary, "emulator.sqlite3")
        self._store = Store(Path(database).expanduser())
        self._semantics = _semantics(self._store, organization, embedder, on_embedding)
        self._embed_behind = embed_behind
        # Runs at exit, too, when nobody closes the emulator.
        owned = (self._store, self._semantics, temporary, os.getpid())
        self._let_go = weakref.finalize(self, _let_go, *owned)
        self._identity = Identity(self._store, session_lifetime=session_lifetime)
        self._index = Index(self._store, organization)
        self._address: tuple[str, int] | None = None
        self._served: AsyncExitStack | None = None
        self._thread: ServingThread | None = None

    def __repr__(self) -> str:
        place = self.base_url if self._address else "not serving"
        return f"<Emulator {place} organization={self._organization!r} at {self._store.path}>"

    # --- what is indexed ----------------------------------------------------------------------

    def refresh(self) -> int:
        """How many documents were indexed, after everything that moved on was indexed again.

        Raises:
            EmulatorError: Something could not be read; what was indexed of it before stays.
        """
        indexed = self._index.refresh(self._corpora, self._on_progress)
        if indexed and self._semantics:
            self._semantics.wake()
        return indexed

    async def arefresh(self) -> int:
        """The same as `refresh`, while the event loop goes on."""
        return await asyncio.to_thread(self.refresh)

    def embed(self, *, within: float | None = None) -> int:
        """How many documents were embedded, now and on this thread, newest first; 0 without an embedder.

        Args:
            within: Seconds after which to leave the rest for later; None for all that there is.

        Raises:
            EmulatorError: The model cannot be used.
        """
        return self._semantics.embed(within) if self._semantics else 0

    @property
    def embedding_progress(self) -> EmbeddingProgress | None:
        """How far search by meaning has come; None without an embedder."""
        return self._semantics.progress() if self._semantics else None

    @property
    def is_embedding(self) -> bool:
        """Whether documents are being embedded behind the answers now."""
        return self._semantics is not None and self._semantics.is_busy

    @property
    def documents(self) -> int:
        """How many documents are indexed for the organization."""
        return self._index.documents

    def corpora(self) -> list[CorpusInfo]:
        """What is indexed for the organization, corpus by corpus."""
        return self._index.corpora()

    # --- serving ------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """The address to give a client, such as ``http://127.0.0.1:8080/api/v1``.

        Raises:
            EmulatorError: Nothing is served now.
        """
        return self.console_url.rstrip("/") + BASE_PATH

    @property
    def console_url(self) -> str:
        """The address to open in a browser, such as ``http://127.0.0.1:8080/``.

        Raises:
            EmulatorError: Nothing is served now.
        """
        if self._address is None:
            raise EmulatorError("This emulator is not serving; enter it: `with Emulator(…) as e:`.")
        return origin(*self._address) + "/"

    async def __aenter__(self) -> Self:
        try:
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
            # On this thread, so that Ctrl-C reaches it.
            self.refresh()
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
        """Stop serving, as far as `with` started it, and let go of the database."""
        thread, self._thread = self._thread, None
        try:
            if thread:
                thread.stop_serving()
        finally:
            self._let_go()

    async def _start(self) -> None:
        if self._address is not None:
            raise EmulatorError("This emulator serves already; make another one.")
        async with AsyncExitStack() as stack:
            server = serving(
                self._store,
                self._identity,
                self._script,
                host=self._host,
                port=self._port,
                organization=self._organization,
                meaning=self._semantics.meaning if self._semantics else None,
            )
            try:
                self._address = await stack.enter_async_context(server)
            except OSError as error:
                raise EmulatorError(no_address(self._host, self._port, error)) from error
            self._served = stack.pop_all()
        if self._semantics and self._embed_behind:
            self._semantics.start()

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
    chosen = chosen_embedder(embedder)
    if chosen is None:
        return None
    # Only there with the extra: it takes numpy.
    from lightfast.emulator.embedding.worker import Semantics

    return Semantics(store, organization, chosen, on_progress)


def _let_go(store: Store, semantics: Semantics | None, temporary: str | None, owner: int) -> None:
    if os.getpid() != owner:
        return  # a forked child exits; the file is its parent's
    if semantics:
        semantics.stop()
    store.close()
    if temporary:
        shutil.rmtree(temporary, ignore_errors=True)
