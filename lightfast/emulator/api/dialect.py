"""Interface of a revision: how it reads requests and writes answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightfast.emulator.search.query import SearchQuery

__all__ = ["ApiRevision", "Behavior", "Dialect", "Failure", "Reply"]

ApiRevision = Literal["2026-04-03", "2026-04-04"]
Behavior = Literal["documented", "observed"]


@attrs.frozen
class Failure:
    """Answer other than 200, before a dialect has worded it."""

    status: int
    code: str
    message: str | None
    details: dict[str, Any] = attrs.field(factory=dict, kw_only=True)
    headers: dict[str, str] = attrs.field(factory=dict, kw_only=True)


@attrs.frozen
class Reply:
    """Status, JSON body and headers of an answer."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]


@attrs.frozen(kw_only=True)
class Dialect:
    """Reader of requests and writer of answers in one revision of the API. Pure.

    Args:
        parse: Parses a body, given its ``Content-Type``; raises NotJsonError.
        query_from: Reads a search from a parsed body; raises InvalidRequestError.
        answer: Writes a search's answer, given the documented one without its request id.
        error: Writes an error, given the request id.
        parses_first: Whether a body is parsed before the credentials are checked.
        trailing_slash: Whether the path may end in a slash.
    """

    parse: Callable[[bytes, str | None], Any]
    query_from: Callable[[Any], SearchQuery]
    answer: Callable[[dict[str, Any]], dict[str, Any]]
    error: Callable[[Failure, str], Reply]
    parses_first: bool = False
    trailing_slash: bool = False
