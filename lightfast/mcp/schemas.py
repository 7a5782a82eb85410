"""JSON schemas of the tools: their input and output."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import TypeAdapter

from lightfast import Mode, SearchResponse, SearchResult

__all__ = ["CONTENTS", "DOCUMENT_INPUT", "MAX_CHARACTERS", "RELATED", "SEARCH_INPUT", "results_schema", "similar_schema"]  # fmt: skip

MAX_CHARACTERS = 12_000

_NAMES = {"type": "array", "items": {"type": "string"}}
_TIME = {"type": "string", "format": "date-time", "description": "ISO 8601 in UTC, with a Z."}
_BUDGET = {
    "type": "integer",
    "minimum": 200,
    "maximum": 1_000_000,
    "default": MAX_CHARACTERS,
    "description": "The length of the text to return at most. Results are left out whole.",
}
_ID = {"type": "string", "description": "The id of a search result, or a commit's hash."}

SEARCH_INPUT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "query": {
            "type": "string",
            "minLength": 1,
            "description": "What to look for: a question in plain words, or a name, path, #number or hash.",
        },
        "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10},
        "offset": {"type": "integer", "minimum": 0, "default": 0},
        "mode": {
            "type": "string",
            "enum": list(get_args(Mode)),
            "default": "balanced",
            "description": "How much work goes into ranking.",
        },
        "filters": {
            "type": "object",
            "properties": {
                "sourceTypes": _NAMES | {"description": "Providers, such as github or docs."},
                "observationTypes": _NAMES
                | {"description": "Kinds, such as commit, pull_request, issue, document, code."},
                "dateRange": {
                    "type": "object",
                    "properties": {"start": _TIME, "end": _TIME},
                },
                "actorNames": _NAMES | {"description": "People, such as @sarah."},
            },
        },
        "max_characters": _BUDGET,
    },
    "required": ["query"],
}

DOCUMENT_INPUT: dict[str, Any] = {
    "type": "object",
    "properties": {"id": _ID},
    "required": ["id"],
}

CONTENTS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "title": {"type": "string"},
        "source": {"type": "string"},
        "type": {"type": "string"},
        "text": {"type": "string"},
        "url": {"type": ["string", "null"]},
        "occurredAt": {"type": ["string", "null"]},
        "path": {"type": "string"},
        "line": {"type": "integer"},
        "files": _NAMES,
        "people": _NAMES,
        "references": {"type": "array", "items": {"type": "object"}},
        "patch": {"type": ["string", "null"]},
    },
    "required": ["id", "title", "source", "type", "text"],
}

RELATED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "data": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "relation": {"type": "string", "enum": ["references", "referenced by"]},
                    "document": {"type": "object"},
                },
                "required": ["relation", "document"],
            },
        }
    },
    "required": ["data"],
}


def with_budget(schema: dict[str, Any], **more: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a tool's input with a budget for its text, and further properties."""
    return schema | {"properties": schema["properties"] | more | {"max_characters": _BUDGET}}


def results_schema() -> dict[str, Any]:
    """Return the schema of a search's output: the API's response."""
    return TypeAdapter(SearchResponse).json_schema(mode="serialization")


def similar_schema() -> dict[str, Any]:
    """Return the schema of a list of results."""
    schema = TypeAdapter(list[SearchResult]).json_schema(mode="serialization")
    definitions = schema.pop("$defs", {})
    return {
        "type": "object",
        "properties": {"data": schema},
        "required": ["data"],
        "$defs": definitions,
    }
