"""``lightfast doctor``: check everything that a search needs, and say what to do about the rest."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any, Final
from urllib.parse import urlsplit

import attrs
import click

import lightfast
from lightfast import Lightfast, LightfastError, SearchResponse
from lightfast.cli.commands import Command
from lightfast.cli.connection import working_directory
from lightfast.cli.env_files import ENV_FILES
from lightfast.cli.exit_codes import NETWORK, OK, USAGE, exit_code
from lightfast.cli.network_checks import Check, check_clock, check_way
from lightfast.cli.output import print_json, printable, verbosity
from lightfast.cli.settings import DEFAULT_ADDRESS, Settings, read_settings

__all__ = ["doctor"]

_QUERY: Final = "lightfast doctor"
_RUNTIME = ("aiohttp", "attrs", "cattrs", "orjson", "tenacity")
_STYLES = {"ok": "green", "warn": "yellow", "fail": "red"}
_INDENT = 6
_PATHS = {"/api/v1": "/v1", "/v1": "/api/v1"}


@click.command(
    cls=Command,
    examples="""
lightfast doctor
lightfast doctor --base-url http://127.0.0.1:8765/api/v1 --json
""",
)
@click.option("--base-url", metavar="URL", help="The API's address.")
@click.option("--timeout", type=float, default=10.0, metavar="SECONDS", help="Limit of the search.")
@click.option(
    "--allow-insecure-http", is_flag=True, help="Send the key over plain http to another machine."
)
@click.option(
    "--allow-env-file-address",
    is_flag=True,
    help="Send the environment's key to the address in .env.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@verbosity
@click.pass_context
def doctor(
    context: click.Context,
    *,
    base_url: str | None,
    timeout: float,
    allow_insecure_http: bool,
    allow_env_file_address: bool,
    as_json: bool,
) -> None:
    """Check what a search needs.

    Looks at the installation, the key, the address and the way to it, and then searches once.
    Each line says ok, warn or fail, and what to do. The key is never printed in full.
    """
    examination = Examination(
        base_url=base_url,
        timeout=timeout,
        allow_insecure_http=allow_insecure_http,
        allow_env_file_address=allow_env_file_address,
    )
    checks = []
    for check in examination.run():
        checks.append(check)
        if not as_json:
            _print(check)
    if as_json:
        print_json(
            {
                "ok": examination.exit_code == OK,
                "exit_code": examination.exit_code,
                "checks": [attrs.asdict(check) for check in checks],
            }
        )
    context.exit(examination.exit_code)


def _print(check: Check) -> None:
    status = click.style(f"{check.status:<{_INDENT}}", fg=_STYLES[check.status])
    click.echo(f"{status}{check.name:<9} {printable(check.detail)}")
    if check.advice:
        click.echo(f"{'':<{_INDENT + 10}}→ {printable(check.advice)}")


@attrs.define(kw_only=True)
class Examination:
    """One run of all checks.

    Args:
        base_url: The value of ``--base-url``.
        timeout: Seconds for the search.
        allow_insecure_http: Whether the key may travel unencrypted.
        allow_env_file_address: Whether a file may name the address for the environment's key.
        exit_code: The exit code that tells the first failure.
    """

    base_url: str | None
    timeout: float
    allow_insecure_http: bool
    allow_env_file_address: bool
    exit_code: int = OK

    def run(self) -> Iterator[Check]:
        """Yield the checks as they are made; what makes no sense any more is left out."""
        yield from _check_installation()
        settings = self._settings()
        if isinstance(settings, Check):
            yield settings
            return
        yield from _check_settings(settings)
        address = settings.base_url or DEFAULT_ADDRESS
        client = self._client(settings)
        if isinstance(client, Check):
            yield client
            return
        with client:
            for check in check_way(address):
                yield check
                if check.status == "fail":
                    self.exit_code = NETWORK
                    return
            yield from self._check_search(client, address)

    def _settings(self) -> Settings | Check:
        try:
            return read_settings(
                self.base_url,
                directory=working_directory(),
                allow_file_address=self.allow_env_file_address,
            )
        except LightfastError as error:
            self.exit_code = USAGE
            return Check("fail", "key", error.message)

    def _client(self, settings: Settings) -> Lightfast | Check:
        try:
            return Lightfast(
                settings.api_key,
                base_url=settings.base_url,
                timeout=self.timeout,
                allow_insecure_http=self.allow_insecure_http or None,
            )
        except LightfastError as error:
            self.exit_code = USAGE
            source = f"from {settings.key_from}"
            return Check("fail", "settings", error.message.replace("given as `api_key`", source))

    def _check_search(self, client: Lightfast, address: str) -> Iterator[Check]:
        try:
            response = client.search(_QUERY, limit=1)
        except LightfastError as error:
            self.exit_code = exit_code(error)
            yield Check("fail", "search", str(error), _advice(error))
            if isinstance(error, lightfast.NotFoundError):
                yield from _look_elsewhere(client, address)
            return
        yield _answered(response)
        yield from _check_drift(response)
        if response.http and (date := response.http.headers.get("date")):
            clock = check_clock(date, datetime.now(UTC))
            yield from [clock] if clock else []


# --- installation -----------------------------------------------------------------------------


def _check_installation() -> Iterator[Check]:
    yield Check(
        "ok", "lightfast", f"{lightfast.__version__}, pins revision {lightfast.API_REVISION}"
    )
    python = f"{platform.python_implementation()} {platform.python_version()}"
    yield Check("ok", "python", f"{python} on {platform.system()} {platform.machine()}")
    yield Check("ok", "packages", ", ".join(f"{name} {version(name)}" for name in _RUNTIME))
    yield Check("ok", "extras", ", ".join(_installed_extras()) or "none")


def _installed_extras() -> list[str]:
    """Return the extras all of whose requirements are installed."""
    try:
        requirements = requires("lightfast") or []
    except PackageNotFoundError:  # a copy on sys.path
        return []
    needed: dict[str, list[str]] = {}
    for requirement in requirements:
        extra = re.search(r"extra == ['\"]([\w-]+)['\"]", requirement)
        name = re.match(r"[\w.-]+", requirement)
        if extra and name and name[0] != "lightfast":
            needed.setdefault(extra[1], []).append(name[0])
    needed.pop("all", None)
    return [extra for extra, names in needed.items() if all(map(_is_installed, names))]


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


# --- settings ---------------------------------------------------------------------------------


def _check_settings(settings: Settings) -> Iterator[Check]:
    detail = f"{_masked(settings.api_key)} from {settings.key_from}"
    if settings.key_from in ENV_FILES:
        advice = f"Only the command line reads {settings.key_from}: in Python, load it or export the key."
        yield Check("warn", "key", detail, advice)
    else:
        yield Check("ok", "key", detail)
        yield from _unread_files()
    address = settings.base_url or DEFAULT_ADDRESS
    yield Check("ok", "address", f"{address} from {settings.address_from}")


def _unread_files() -> Iterator[Check]:
    here = working_directory()
    for name in ENV_FILES:
        if here and (here / name).is_file():
            advice = "Python does not read it; the key comes from elsewhere here, too."
            yield Check("ok", "files", f"{name} is here, and was not needed", advice)


def _masked(key: str) -> str:
    """Return what a person recognizes a key by."""
    prefix = re.match(r"[a-z]+(-[a-z]+-|_)", key)
    return f"{prefix[0] if prefix else ''}…{key[-4:] if len(key) > 20 else ''}"


# --- search -----------------------------------------------------------------------------------


def _answered(response: SearchResponse) -> Check:
    http = response.http
    facts = [f"revision {response.revision}"]
    if http:
        attempts = f"{http.attempts} attempt{'s' if http.attempts != 1 else ''}"
        facts = [str(http.status), f"{http.elapsed * 1000:.0f} ms", attempts, *facts]
    detail = ", ".join(facts)
    if response.revision != lightfast.API_REVISION:
        advice = "Filters of your own wire fields, `offset` and mode='thorough' are ignored there."
        return Check("warn", "search", detail, advice)
    return Check("ok", "search", detail)


def _check_drift(response: SearchResponse) -> Iterator[Check]:
    if not response.drift:
        yield Check("ok", "drift", "none")
        return
    for drift in response.drift:
        yield Check("warn", "drift", str(drift))


def _advice(error: LightfastError) -> str:
    match error:
        case lightfast.AuthenticationError():
            return "Make a new key in the console under Settings → API Keys."
        case lightfast.PermissionDeniedError():
            return "Use a key of the organization that you want to search."
        case lightfast.OrganizationNotConfiguredError():
            return "Set the organization up for search in the console, or index something first."
        case lightfast.RateLimitError() | lightfast.ServerError():
            return "Try again later."
        case lightfast.NotFoundError():
            return "The service has moved on; see the next lines."
    return ""


def _look_elsewhere(client: Lightfast, address: str) -> Iterator[Check]:
    """Look for search at the other of the two known paths, and for the service itself."""
    path = urlsplit(address).path
    for own, other in _PATHS.items():
        if path == own:
            elsewhere = address.removesuffix(own) + other
            there = client.with_options(base_url=elsewhere)
            found = _tried(partial(there.search, _QUERY, limit=1))
            if isinstance(found, SearchResponse):
                advice = f"Use it: LIGHTFAST_BASE_URL={elsewhere}"
                yield Check("warn", "elsewhere", f"{elsewhere} answers, {found.revision}", advice)
                return
            yield Check("fail", "elsewhere", f"{elsewhere}: {found}")
    health = _tried(partial(client.get, "system/health"))
    if isinstance(health, lightfast.JsonResponse):
        advice = "Search is gone from it since 2026-05-07; `lightfast search --local PATH` works."
        yield Check("warn", "service", "there is a service, without search", advice)


def _tried(call: Callable[[], Any]) -> Any:
    """Return what a call returns, or the words of its error."""
    try:
        return call()
    except LightfastError as error:
        return str(error).partition(" (http")[0]
