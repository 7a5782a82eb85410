"""Authentication: which headers prove who asks.

An `Auth` turns a secret, or a provider of secrets, into a `Credential`.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar, TypeAlias, cast
from weakref import WeakKeyDictionary

from lightfast._secrets import HeaderText, RequestHead, Secret, wrap_secret
from lightfast._threads import ThreadLimitError, in_daemon_thread
from lightfast._validate import is_async
from lightfast._wire.revisions import KEY_PREFIXES
from lightfast.exceptions import ConfigurationError, LightfastError, NetworkError

# A header, or what follows its name, pasted in place of the key.
_HEADER = re.compile(r"(authorization\s*:\s*)?bearer[\s:]", re.IGNORECASE)
_QUOTES = "'\"`‘’“”«»"  # noqa: RUF001

Provider: TypeAlias = Callable[[], str | Awaitable[str]]
"""Returns a secret when called, at once or awaited: for rotation and secret managers."""

# What may stand in a header's value without quoting: RFC 9110 §5.5, less the space.
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_TOKEN = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+")  # cookie-octet: RFC 6265 §4.1.1


class Credential:
    """Headers for one secret, ready to be sent again and again.

    Attributes:
        secret: The secret.
        headers: The headers that are made of it.
        head: Target and head of the last request that was sent with it.
    """

    __slots__ = ("head", "headers", "secret")

    def __init__(self, secret: Secret, headers: Mapping[str, str]) -> None:
        self.secret = secret
        self.head: tuple[object, RequestHead] = (None, RequestHead())
        self.headers: dict[str, str] = {name: HeaderText(value) for name, value in headers.items()}


def key_prefix(key: str) -> str | None:
    """Return which of the known prefixes a key has."""
    return next((prefix for prefix in KEY_PREFIXES if key.startswith(prefix)), None)


def _key_problem(key: str) -> str | None:
    """Return what is wrong with an API key, in words that do not repeat it."""
    if not key:
        return "is empty"
    if key[0] in _QUOTES or key[-1] in _QUOTES:
        return "stands in quotes: give the key alone"
    if _HEADER.match(key):
        return "starts with 'Bearer ': give the key alone, the SDK writes the header"
    if len(key.split()) > 1 and key.isprintable():
        return "contains a space: give the key alone"
    if not _VISIBLE.fullmatch(key):
        return "contains a control character or a character outside ASCII"
    prefix = key_prefix(key)
    if prefix is None:
        *others, last = (f"'{prefix}'" for prefix in KEY_PREFIXES)
        return f"does not start with {', '.join(others)} or {last}"
    if key == prefix:
        return f"ends after '{prefix}'"
    return None


def _token_problem(token: str) -> str | None:
    """Return what is wrong with a session token, in words that do not repeat it."""
    if not token:
        return "is empty"
    if not _TOKEN.fullmatch(token):
        return "contains a character that no cookie may carry"
    return None


class Auth(ABC):
    """Way to authenticate: a secret or a provider, and the headers made from it."""

    _noun: ClassVar[str]

    def __init__(self, source: object) -> None:
        self._provider: Provider | None = None
        self._credential: Credential | None = None
        self._asking: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[Credential]] = (
            WeakKeyDictionary()
        )
        if isinstance(source, Secret):
            self._credential = self._check(source)
        elif callable(source):
            self._provider = cast(Provider, source)
        else:
            raise self._wrong_type(source)

    @property
    def from_provider(self) -> bool:
        """True if the secret comes from a provider, which can be asked again."""
        return self._provider is not None

    @property
    def current(self) -> Credential | None:
        """The credential in use; None before a provider was first asked."""
        return self._credential

    async def obtain(self, refused: Credential | None = None) -> Credential:
        """Return a credential to use now.

        Args:
            refused: The one that the server did not accept. Calls that were refused
                together ask the provider once.

        Raises:
            ConfigurationError: The provider failed, or what it gave is not valid.
        """
        if self._credential is not None and self._credential is not refused:
            return self._credential
        loop = asyncio.get_running_loop()
        task = self._asking.get(loop)
        if task is None or task.done():
            task = self._asking[loop] = loop.create_task(self._ask())
            task.add_done_callback(_retrieve)
        try:
            # One caller's cancellation must not cancel what the others wait for.
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # The next call asks anew: a provider that hangs must not hang the client.
            if self._asking.get(loop) is task:
                del self._asking[loop]
            raise

    async def _ask(self) -> Credential:
        provider = self._provider
        if provider is None:
            raise ConfigurationError(f"The {self._noun} cannot be renewed: it was given as text.")
        try:
            secret = await _call(provider)
        except LightfastError:
            raise
        except ThreadLimitError as error:
            raise NetworkError(
                f"The provider of the {self._noun} needs a thread. {error}"
            ) from None
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and _is_cancelled():
                raise
            raise ConfigurationError(
                f"The provider of the {self._noun} failed with {type(error).__name__}."
            ) from error
        if not isinstance(secret, Secret):
            raise ConfigurationError(
                f"The provider of the {self._noun} must return a str, not {type(secret).__name__}."
            )
        self._credential = self._check(secret)
        return self._credential

    def _check(self, secret: Secret) -> Credential:
        """Return the credential for a secret.

        Raises:
            ConfigurationError: It is not valid. The message does not repeat it.
        """
        if not isinstance(secret.reveal(), str):
            raise self._wrong_type(secret.reveal())
        stripped = Secret(secret.reveal().strip())
        problem = self._problem(stripped)
        if problem:
            raise ConfigurationError(f"The {self._noun} {problem}.")
        return Credential(stripped, self._headers(stripped))

    def _wrong_type(self, value: object) -> ConfigurationError:
        return ConfigurationError(
            f"The {self._noun} must be a str or a callable that returns one, "
            f"not {type(value).__name__}."
        )

    @staticmethod
    @abstractmethod
    def _problem(secret: Secret) -> str | None: ...

    @abstractmethod
    def _headers(self, secret: Secret) -> Mapping[str, str]: ...


async def _call(provider: Provider) -> object:
    """Return what a provider gives, wrapped; a blocking one runs beside the loop, not on it."""
    if is_async(provider):
        return wrap_secret(await cast(Awaitable[str], provider()))
    given = await in_daemon_thread(lambda: wrap_secret(provider()))
    return wrap_secret(await given) if inspect.isawaitable(given) else given


def _is_cancelled() -> bool:
    """Tell whether the running task is being cancelled, and not only what it awaits."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _retrieve(task: asyncio.Task[Credential]) -> None:
    """Mark a failure as seen: those who waited for it may have been cancelled."""
    if not task.cancelled():
        task.exception()


class ApiKeyAuth(Auth):
    """API key; the organization is the key's own.

    Args:
        key: The key, or a callable (async or not) that returns it. A callable is called when
            a key is first needed, and again when the server refuses the one it gave.

    Raises:
        ConfigurationError: The key is not valid. The message does not repeat it.
    """

    _noun = "API key"

    def __init__(self, key: str | Secret | Provider) -> None:
        key = wrap_secret(key)  # rebound: a traceback may be printed with this local
        super().__init__(key)

    @staticmethod
    def _problem(secret: Secret) -> str | None:
        return _key_problem(secret.reveal())

    def _prefix(self) -> str:
        return (self.current and key_prefix(self.current.secret.reveal())) or ""

    def _headers(self, secret: Secret) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {secret.reveal()}"}

    def __repr__(self) -> str:
        return (
            "ApiKeyAuth(<provider>)" if self.from_provider else f"ApiKeyAuth('{self._prefix()}…')"
        )


class SessionAuth(Auth):
    """Console session, whose user must be a member of the organization.

    Args:
        token: The session token, or a callable (async or not) that returns a fresh one.
            Session tokens live for about a minute: what outlives that needs a callable.
        org_id: ID of the organization, such as ``org_…``.

    Raises:
        ConfigurationError: The token or the ID cannot be sent. The message does not
            repeat the token.
    """

    _noun = "session token"

    def __init__(self, token: str | Secret | Provider, *, org_id: str) -> None:
        token = wrap_secret(token)
        if not isinstance(org_id, str) or not _VISIBLE.fullmatch(org_id.strip()):
            raise ConfigurationError(
                f"`org_id` must be the ID of an organization such as 'org_…', not {org_id!r:.60}."
            )
        self.org_id = org_id.strip()
        super().__init__(token)

    @staticmethod
    def _problem(secret: Secret) -> str | None:
        return _token_problem(secret.reveal())

    def _headers(self, secret: Secret) -> Mapping[str, str]:
        return {"Cookie": f"__session={secret.reveal()}", "X-Org-ID": self.org_id}

    def __repr__(self) -> str:
        token = "<provider>" if self.from_provider else "'…'"
        return f"SessionAuth({token}, org_id={self.org_id!r})"
