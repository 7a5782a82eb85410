"""The options and the client of every command that searches: the API, or ``--local``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import click

from lightfast.cli.settings import read_settings
from lightfast.cli.start_up import without_garbage_collection

if TYPE_CHECKING:
    from lightfast import Lightfast
    from lightfast.cli.local_search import LocalSearch

__all__ = [
    "Connection",
    "code_option",
    "connection_options",
    "open_client",
    "open_search",
    "working_directory",
]

_F = TypeVar("_F", bound=Callable[..., Any])
_T = TypeVar("_T")


@attrs.frozen(kw_only=True)
class Connection:
    """Options of one command that say what to connect to.

    Args:
        local: The path to search instead of the API.
        code: Whether source code is searched there.
        base_url: The API's address.
        timeout: Seconds for a whole call.
        allow_insecure_http: Whether the key may travel unencrypted.
        allow_env_file_address: Whether a file may name the address for the environment's key.
    """

    local: Path | None
    code: bool
    base_url: str | None
    timeout: float | None
    allow_insecure_http: bool
    allow_env_file_address: bool


def code_option(command: _F) -> _F:
    """Add ``--no-code`` to a command that indexes; the command gets it as `code`."""
    return click.option(
        "--no-code",
        "code",
        is_flag=True,
        callback=lambda _, __, value: not value,
        help="Leave out source code.",
    )(command)


_OPTIONS = (
    click.option(
        "--local",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="Search this repository, directory or file instead of the API.",
    ),
    code_option,
    click.option("--base-url", metavar="URL", help="The API's address."),
    click.option("--timeout", type=float, metavar="SECONDS", help="Time limit of each call."),
    click.option(
        "--allow-insecure-http",
        is_flag=True,
        help="Send the key over plain http to another machine.",
    ),
    click.option(
        "--allow-env-file-address",
        is_flag=True,
        help="Send the environment's key to the address in .env.",
    ),
)


def connection_options(command: Callable[..., _T]) -> Callable[..., _T]:
    """Add the options that `Connection` holds; the command gets them as one, `connection`."""

    @functools.wraps(command)
    def connected(
        *,
        local: Path | None,
        code: bool,
        base_url: str | None,
        timeout: float | None,
        allow_insecure_http: bool,
        allow_env_file_address: bool,
        **others: Any,
    ) -> _T:
        connection = Connection(
            local=local,
            code=code,
            base_url=base_url,
            timeout=timeout,
            allow_insecure_http=allow_insecure_http,
            allow_env_file_address=allow_env_file_address,
        )
        return command(connection=connection, **others)

    for option in reversed(_OPTIONS):
        connected = option(connected)
    return connected


@contextmanager
def open_client(connection: Connection) -> Iterator[Lightfast]:
    """Open a client of the API, or of an emulator that serves for this one command.

    Raises:
        ConfigurationError: The key or the address is missing or must not be used.
        EmulatorError: The local path cannot be indexed.
    """
    from lightfast import Lightfast  # 60 ms, and --local does without

    options: dict[str, Any] = {} if connection.timeout is None else {"timeout": connection.timeout}
    if connection.local is None:
        settings = read_settings(
            connection.base_url,
            directory=working_directory(),
            allow_file_address=connection.allow_env_file_address,
        )
        # Only if it is asked for: without it, the environment may say so.
        if connection.allow_insecure_http:
            options["allow_insecure_http"] = True
        with Lightfast(settings.api_key, base_url=settings.base_url, **options) as client:
            yield client
        return
    _check_local(connection)
    from lightfast.cli.local import local_emulator

    with (
        local_emulator(connection.local, code=connection.code, serve=True) as (emulator, key),
        # A proxy must not come between this process and its own emulator.
        Lightfast(key, base_url=emulator.base_url, trust_env=False, **options) as client,
    ):
        yield client


@contextmanager
def open_search(connection: Connection) -> Iterator[Lightfast | LocalSearch]:
    """Open what answers single searches: a client of the API, or an index in this process.

    Raises:
        ConfigurationError: The key or the address is missing or must not be used.
        EmulatorError: The local path cannot be indexed.
    """
    if connection.local is None:
        with open_client(connection) as client:
            yield client
        return
    _check_local(connection)
    with without_garbage_collection():
        from lightfast.cli.local import local_emulator  # 100 ms, and the API does without
        from lightfast.cli.local_search import LocalSearch

        with local_emulator(connection.local, code=connection.code) as (emulator, _):
            yield LocalSearch(emulator)


def _check_local(connection: Connection) -> None:
    if connection.base_url is not None:
        raise click.UsageError("--local and --base-url cannot be used together.")


def working_directory() -> Path | None:
    """Return the working directory; None if it has been deleted."""
    try:
        return Path.cwd()
    except OSError:
        return None
