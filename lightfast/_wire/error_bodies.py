"""Error bodies: their code, message, details and request ID. Pure.

The documents that are read here are free of the credential already.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from lightfast._text import printable
from lightfast.models import Headers

EDGE_HEADERS = ("x-vercel-error", "x-vercel-id")
"""Headers that the hosting edge adds to errors of its own."""

_MESSAGE = 1_000
_MOST_LINES = 50
_CODE = re.compile(r"\w[\w.:-]*")


def code(document: Mapping[str, Any]) -> str | None:
    """Return `error` of the documented form, `code` of that from 2026-04-04; prose is not a code."""
    for key in ("error", "code"):
        value = document.get(key)
        if isinstance(value, str) and _CODE.fullmatch(value):
            return printable(value, 100)
    return None


def message(document: Mapping[str, Any]) -> str | None:
    """Return what the server says, with what its details say of single fields."""
    sentences = [text for key in ("message", "title", "detail") if (text := _prose(document, key))]
    if not sentences and not _CODE.fullmatch(prose := _prose(document, "error")):
        sentences = [prose] if prose else []
    lines = [line for issue in islice(_issues(document), _MOST_LINES) if (line := _issue(issue))]
    if not sentences:
        lines += _flattened(document.get("details"))
    return (
        printable(": ".join([*sentences, *(["; ".join(lines)] if lines else [])]), _MESSAGE) or None
    )


def _prose(document: Mapping[str, Any], key: str) -> str:
    value = document.get(key)
    return value[: 4 * _MESSAGE].strip() if isinstance(value, str) else ""


def _issues(document: Mapping[str, Any]) -> list[Any]:
    """Return the issues in `data`: oRPC's list of them, or the one that 2026-04-04 declares."""
    data = document.get("data")
    if not isinstance(data, Mapping):
        return []
    return [
        {"path": [data.get("field") or ""], "message": data.get("reason")},
        *_list(data.get("issues")),
    ]


def _issue(issue: object) -> str:
    """Return one issue: a message and the path that leads to it."""
    if not isinstance(issue, Mapping) or not (message := _prose(issue, "message")):
        return ""
    path = ".".join(_step(step) for step in islice(_list(issue.get("path")), 10))
    return f"{path}: {message}" if path else message


def _step(step: object) -> str:
    # A step may be an object with a key: https://standardschema.dev/schema
    return str(step.get("key") if isinstance(step, Mapping) else step)


def _flattened(details: object) -> list[str]:
    """Return the lines of zod's flattened errors: of the form, then field by field."""
    if not isinstance(details, Mapping):
        return []
    lines = [str(line) for line in _list(details.get("formErrors"))[:_MOST_LINES]]
    fields = details.get("fieldErrors")
    for name, problems in (
        islice(fields.items(), _MOST_LINES) if isinstance(fields, Mapping) else ()
    ):
        lines += [f"{name}: {problem}" for problem in _list(problems)[:_MOST_LINES]]
    return lines


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def no_message(status: int, code: str | None, headers: Headers) -> str:
    """Return the message for an error whose body has none."""
    by = " from the hosting edge" if any(name in headers for name in EDGE_HEADERS) else ""
    named = f" ({code})" if code else ""
    edge_id = headers.get("x-vercel-id")
    trace = f"; x-vercel-id {printable(edge_id, 100)}" if edge_id else ""
    return f"The server answered {status}{by}{named} and no message{trace}"


def details(document: Mapping[str, Any], headers: Headers) -> dict[str, Any]:
    """Return `details` or `data` of the body, and the headers that the edge adds."""
    found: dict[str, Any] = {}
    for key in ("details", "data"):
        value = document.get(key)
        if isinstance(value, Mapping):
            found.update(value)
        elif value is not None:
            found[key] = value
    if "diagnostics" in document:  # from 2026-06-17
        found["diagnostics"] = document["diagnostics"]
    return found | {name: printable(headers[name], 200) for name in EDGE_HEADERS if name in headers}


def request_id(document: object, headers: Headers) -> str | None:
    """Return the server's ID of a request: the body's, else the header's."""
    value = document.get("requestId") if isinstance(document, Mapping) else None
    if not isinstance(value, str) or not value:
        value = headers.get("x-request-id")
    return printable(value, 200) or None if value else None
