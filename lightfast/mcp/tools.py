"""Tools: their names, descriptions and handlers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
from mcp import types

from lightfast import ConfigurationError, DateRange, SearchFilters, SearchRequest
from lightfast.integrations.text import clip, plain_values, results_text, search_text
from lightfast.mcp import schemas
from lightfast.mcp.memory import Memory, OnProgress
from lightfast.mcp.text import contents_text, related_text

if TYPE_CHECKING:
    from lightfast.emulator import DocumentContents
    from lightfast.mcp.local import LocalMemory

__all__ = ["Tool", "local_tools", "search_tool"]

Arguments: TypeAlias = dict[str, Any]
Run: TypeAlias = Callable[[Arguments, OnProgress], Awaitable[types.CallToolResult]]


@attrs.frozen
class Tool:
    """One tool.

    Args:
        spec: What clients are told of it.
        run: Answers a call.
    """

    spec: types.Tool
    run: Run


def search_tool(memory: Memory, *, with_ids: bool = False) -> Tool:
    """Return the tool that searches.

    Args:
        memory: What is searched.
        with_ids: Whether there are tools that take the IDs of results.
    """

    async def run(arguments: Arguments, on_progress: OnProgress) -> types.CallToolResult:
        budget = _whole(arguments, "max_characters", schemas.MAX_CHARACTERS)
        request = _request({name: v for name, v in arguments.items() if v is not None})
        response = await memory.search(request, on_progress)
        page = search_text(response, max_characters=budget, with_ids=with_ids, note=memory.note)
        return _result(
            page.text, attrs.evolve(response, results=page.results, latency=None).to_dict()
        )

    return _tool(
        "lightfast_search",
        "Search the team's memory",
        "Search a software team's memory: commits, pull requests, issues, documentation, code, "
        "decisions. Ask a question in plain words, or give a name, a path, #123 or a hash. Each "
        "result has its place (file and line, URL, or commit), when, who, and the passage that "
        "matched.",
        schemas.SEARCH_INPUT,
        schemas.results_schema(),
        run,
    )


def local_tools(memory: LocalMemory) -> list[Tool]:
    """Return the tools that need the documents themselves, and not only a search."""
    return [_contents_tool(memory), _similar_tool(memory), _related_tool(memory)]


def _contents_tool(memory: LocalMemory) -> Tool:
    async def run(arguments: Arguments, on_progress: OnProgress) -> types.CallToolResult:
        identifier = _identifier(arguments)
        budget = _whole(arguments, "max_characters", schemas.MAX_CHARACTERS)
        document = await memory.document(identifier, on_progress)
        patch = await memory.patch(identifier, on_progress) if arguments.get("patch") else None
        text = contents_text(document, patch, budget)
        cut = {"text": clip(document.text, budget), "patch": clip(patch, budget) if patch else None}
        return _result(text, _document(document) | cut)

    return _tool(
        "lightfast_contents",
        "Read a result whole",
        "Read a search result whole: a commit's message, files and, on request, its patch; a "
        "section of a document; an issue or a pull request.",
        schemas.with_budget(
            schemas.DOCUMENT_INPUT,
            patch={
                "type": "boolean",
                "default": False,
                "description": "Whether to add the diff of a commit.",
            },
        ),
        schemas.CONTENTS,
        run,
    )


def _similar_tool(memory: LocalMemory) -> Tool:
    async def run(arguments: Arguments, on_progress: OnProgress) -> types.CallToolResult:
        identifier = _identifier(arguments)
        results = await memory.similar(
            identifier, _whole(arguments, "limit", 10, most=100), on_progress
        )
        text = results_text(results, f"Similar to {identifier}")
        return _result(text, {"data": [result.to_dict() for result in results]})

    limit = schemas.SEARCH_INPUT["properties"]["limit"]
    return _tool(
        "lightfast_find_similar",
        "Find similar results",
        "Find what is most like a search result: earlier attempts, similar fixes, related pages.",
        schemas.DOCUMENT_INPUT
        | {"properties": schemas.DOCUMENT_INPUT["properties"] | {"limit": limit}},
        schemas.similar_schema(),
        run,
    )


def _related_tool(memory: LocalMemory) -> Tool:
    async def run(arguments: Arguments, on_progress: OnProgress) -> types.CallToolResult:
        identifier = _identifier(arguments)
        document = await memory.document(identifier, on_progress)
        related = await memory.related(identifier, on_progress)
        rows = [{"relation": r.relation, "document": _summary(r.document)} for r in related]
        return _result(related_text(document, related), {"data": rows})

    return _tool(
        "lightfast_related",
        "Follow references",
        "Follow the references of a search result in both directions: from a commit to the issues "
        "and pull requests that it names, and from those back to the commits that name them.",
        schemas.DOCUMENT_INPUT,
        schemas.RELATED,
        run,
    )


def _tool(
    name: str,
    title: str,
    description: str,
    input_schema: dict[str, Any],
    output_schema: dict[str, Any],
    run: Run,
) -> Tool:
    spec = types.Tool(
        name=name,
        title=title,
        description=description,
        input_schema=input_schema,
        output_schema=output_schema,
        annotations=types.ToolAnnotations(
            title=title,
            read_only_hint=True,
            destructive_hint=False,
            idempotent_hint=True,
            open_world_hint=False,
        ),
    )
    return Tool(spec, run)


def _result(text: str, document: dict[str, Any]) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)],
        structured_content=plain_values(document),
    )


def _document(document: DocumentContents) -> dict[str, Any]:
    return {**_summary(document), "text": document.text}


def _summary(document: DocumentContents) -> dict[str, Any]:
    at = document.occurred_at
    return {
        "id": document.id,
        "title": document.title,
        "source": document.source,
        "type": document.type,
        "url": document.url,
        "occurredAt": at.isoformat().replace("+00:00", "Z") if at else None,
        "path": document.path,
        "line": document.line,
        "files": list(document.files),
        "people": list(document.people),
        "references": list(document.references),
    }


# By the names of both revisions of the API; the search is sent under all of them.
_FILTERS = {
    "sourceTypes": "sources",
    "observationTypes": "types",
    "dateRange": "date_range",
    "actorNames": "actor_names",
    "sources": "sources",
    "entityTypes": "types",
}


def _request(arguments: Arguments) -> SearchRequest:
    """Return the search that a call asks for."""
    fields = arguments.pop("filters", {})
    if not isinstance(fields, Mapping):
        raise ConfigurationError("`filters` must be an object.")
    chosen = {name: value for name, value in fields.items() if value}
    if unknown := chosen.keys() - _FILTERS:
        known = ", ".join(schemas.SEARCH_INPUT["properties"]["filters"]["properties"])
        raise ConfigurationError(f"There is no filter {min(unknown)[:40]!r}; use {known}.")
    given = {_FILTERS[name]: value for name, value in chosen.items()}
    if "date_range" in given:
        given["date_range"] = _date_range(given["date_range"])
    request = SearchRequest.from_dict(arguments)
    return attrs.evolve(request, filters=SearchFilters(**given)) if given else request


def _date_range(fields: object) -> DateRange:
    if not isinstance(fields, Mapping):
        raise ConfigurationError("`dateRange` must be an object with `start`, `end` or both.")
    return DateRange.from_dict(fields)


def _identifier(arguments: Arguments) -> str:
    identifier = arguments.get("id")
    if not isinstance(identifier, str) or not identifier:
        raise ConfigurationError("`id` must be the id of a search result.")
    return identifier


def _whole(arguments: Arguments, name: str, default: int, *, most: int = 1_000_000) -> int:
    """Take a whole number out of a call's arguments."""
    value = arguments.pop(name, None)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise ConfigurationError(f"`{name}` must be a whole number from 1 to {most}.")
    return value
