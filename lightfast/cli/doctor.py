"""``lightfast doctor``: check everything that a search needs, and say what to do about the rest."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

import attrs
import click

import lightfast
from lightfast import ApiKeyAuth, Lightfast, LightfastError
from lightfast.cli.commands import Command
from lightfast.cli.connection import working_directory
from lightfast.cli.env_files import ENV_FILES
from lightfast.cli.exit_codes import NETWORK, OK, USAGE, exit_code
from lightfast.cli.network_checks import Check, check_way
from lightfast.cli.output import print_json, printable, verbosity
from lightfast.cli.search_checks import QUERY, check_failure, check_response
from lightfast.cli.settings import (
    DEFAULT_ADDRESS,
    Settings,
    check_option,
    masked_key,
    read_settings,
)

__all__ = ["doctor"]

_RUNTIME = ("aiohttp", "attrs", "cattrs", "orjson", "tenacity")
_STYLES = {"ok": "green", "warn": "yellow", "fail": "red"}
_INDENT = 6


@click.command(
    cls=Command,
    examples="""
lightfast doctor
lightfast doctor --base-url http://127.0.0.1:8765/api/v1 --json
""",
)
@click.option("--base-url", metavar="URL", help="The API's address.")
@click.option(
    "--timeout", type=float, default=10.0, metavar="SECONDS", help="Time limit of the search."
)
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
        key = _check_key(settings)
        yield key
        if key.status == "fail":
            self.exit_code = USAGE
            return
        if settings.key_from not in ENV_FILES:
            yield from _unread_files(settings)
        client = self._client(settings)
        if isinstance(client, Check):
            yield client
            return
        address = settings.base_url or DEFAULT_ADDRESS
        yield Check("ok", "address", f"{address} from {settings.address_from}")
        with client:
            for check in check_way(address):
                yield check
                if check.status == "fail":
                    self.exit_code = NETWORK
                    return
            yield from self._check_search(client, address)

    def _settings(self) -> Settings | Check:
        name = "address"
        try:
            if self.base_url is not None:
                check_option(self.base_url)
            name = "key"
            return read_settings(
                self.base_url,
                directory=working_directory(),
                allow_file_address=self.allow_env_file_address,
            )
        except LightfastError as error:
            self.exit_code = USAGE
            return Check("fail", name, error.message)

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
            return Check("fail", "settings", error.message)

    def _check_search(self, client: Lightfast, address: str) -> Iterator[Check]:
        try:
            response = client.search(QUERY, limit=1)
        except LightfastError as error:
            self.exit_code = exit_code(error)
            yield from check_failure(error, client, address)
        else:
            yield from check_response(response)


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


def _check_key(settings: Settings) -> Check:
    """Check the form of the key, which is shown only if it is one."""
    source = f"from {settings.key_from}"
    try:
        ApiKeyAuth(settings.api_key)
    except LightfastError as error:
        detail = error.message.replace("The API key", f"The API key {source}", 1)
        return Check("fail", "key", detail, "Write the key alone, as the console shows it.")
    detail = f"{masked_key(settings.api_key)} {source}"
    if settings.key_from in ENV_FILES:
        advice = f"Only the command line reads {settings.key_from}: in Python, load it or export the key."
        return Check("warn", "key", detail, advice)
    return Check("ok", "key", detail)


def _unread_files(settings: Settings) -> Iterator[Check]:
    here = working_directory()
    for name in ENV_FILES:
        if here and (here / name).is_file():
            detail = f"{name} is here, but the key comes from {settings.key_from}"
            yield Check("ok", "files", detail, f"Python does not read {name} by itself.")
