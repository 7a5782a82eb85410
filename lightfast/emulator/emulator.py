"""The emulator as a whole: an index, its accounts, its faults, and the server's life."""

from __future__ import annotations

import secrets
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from lightfast.emulator.accounts.admin import Accounts
from lightfast.emulator.accounts.authenticate import Identity
from lightfast.emulator.api.address import (
    BASE_PATH,
    CONTROL_PATH,
    cannot_listen,
    check_address,
    origin,
)
from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.faults.script import Script
from lightfast.emulator.local_index import LocalIndex

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from types import TracebackType
    from typing import Self

    from lightfast.emulator.api.dialect import ApiRevision, Behavior
    from lightfast.emulator.embedding.base import EmbeddingProgress
    from lightfast.emulator.embedding.select import EmbedderChoice
    from lightfast.emulator.faults.faults import Fault
    from lightfast.emulator.faults.script import RecordedRequest
    from lightfast.emulator.thread import ServingThread

__all__ = ["Emulator"]


class Emulator(LocalIndex):
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
        super().__init__(
            paths,
            database=database,
            organization=organization,
            code=code,
            on_progress=on_progress,
            embedder=embedder,
            on_embedding=on_embedding,
            rebuild=rebuild,
            watch=watch,
        )
        self._host = host
        self._port = port
        self._embed_behind = embed_behind
        self._index_first = index_first
        self.control_token = control_token or secrets.token_urlsafe(32)
        self._identity = Identity(self._store, session_lifetime=session_lifetime)
        self.accounts = Accounts(self._identity, self._organization)
        self.faults = Script(api_revision, behavior)
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
        """The behavior in revision 2026-04-03, ``documented`` or ``observed``; set it to switch.

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

    def reset(self) -> None:
        """Call `clear`, and remove what `seed` has indexed."""
        self.clear()
        self._seeds.clear()
        self.refresh()

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
            from lightfast.emulator.thread import ServingThread  # asyncio: 15 ms

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
            super().close()

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
                healed=self._indexing.healed,
                controlled=self,
                control_token=self.control_token,
                meaning=self._semantics.meaning if self._semantics else None,
            )
            try:
                self._address = await stack.enter_async_context(server)
            except OSError as error:
                raise EmulatorError(cannot_listen(self._host, self._port, error)) from error
            self._served = stack.pop_all()
        if self._embed_behind:
            self.start_embedding()
        if self._watcher:
            self._watcher.start()

    async def _stop(self) -> None:
        served, self._served = self._served, None
        self._address = None
        if served:
            await served.aclose()
