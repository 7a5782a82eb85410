"""A break of the public API is found, and is found in the changelog or missed there."""

from __future__ import annotations

import pytest

from tests.public_api.changelog import Entry
from tests.public_api.changes import Break, breaks

STUB = """
class Client:
    def __init__(self, key: str, *, timeout: float = 30.0) -> None: ...
    def search(self, query: str, *, limit: int = 10) -> str: ...
    def post(self, **more: str) -> str: ...

def helper(value: int) -> int: ...
"""
OLD = {"package.pyi": STUB, "commands.txt": "tool run\ntool run --fast\n"}


@pytest.mark.parametrize(
    ("old", "new", "symbol", "group"),
    [
        ("class Client", "class Other", "Client", "Breaking"),
        ("def search", "def find", "Client.search", "Breaking"),
        ("limit: int", "size: int", "Client.search.limit", "Breaking"),
        ("query: str,", "query: str, kind: str,", "Client.search.kind", "Breaking"),
        ("timeout: float = 30.0", "timeout: float = 10.0", "Client.timeout", "Changed"),
    ],
)
def test_each_break_names_what_broke(old, new, symbol, group):
    found = breaks(OLD, OLD | {"package.pyi": STUB.replace(old, new)})
    assert (symbol, group) in [(change.symbol, change.group) for change in found]


def test_a_removed_option_and_a_removed_module_are_breaks():
    found = breaks(OLD, {"commands.txt": "tool run\n"})
    assert {change.symbol for change in found} == {"package", "tool run --fast"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def helper", "def added() -> None: ...\n\ndef helper"),
        ("limit: int = 10", "limit: int = 10, offset: int = 0"),
        ("**more: str", "**others: str"),
    ],
)
def test_what_no_call_can_notice_is_no_break(old, new):
    assert breaks(OLD, OLD | {"package.pyi": STUB.replace(old, new)}) == []


@pytest.mark.parametrize(
    ("symbol", "text", "is_in"),
    [
        ("Client.search.limit", "`search(limit=…)` is gone: slice instead.", True),
        ("Client.search.limit", "`Client.search` is faster.", False),
        ("Client", "The client is gone.", False),
        ("tool run --fast", "`tool run --fast` is gone: it is always fast now.", True),
        ("tool run --fast", "`tool run` is gone.", False),
    ],
)
def test_an_entry_must_name_the_symbol_in_code(symbol, text, is_in):
    change = Break(symbol, "removed")
    assert change.is_in([Entry("Unreleased", "Breaking", text)]) == is_in
    assert not change.is_in([Entry("Unreleased", "Added", text)])
