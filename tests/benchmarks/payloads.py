"""The bytes that the loopback server sends, rendered once: the documented shape and two peers'.

All three dialects carry the same titles and texts in bodies of about the same size, so that a
client is compared on its own work and never on a longer answer.
"""

import json
import random
from typing import Any

QUERY = "who broke the login page after the session refactoring?"
KEY = "sk-lf-" + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"

_SUBJECTS = (
    "Retry failed requests with exponential backoff",
    "Login page redirects forever after the session refactoring",
    "Deployment failed: RETRY_LIMIT is missing in production",
    "Décision: one connection pool per event loop",
    "TypeError: Cannot read properties of undefined (reading 'token')",
)
_SENTENCES = (
    "The middleware dropped the cookie whenever the token had less than ten seconds left.",
    "Rolled back to the previous build while the fix is being reviewed.",
    'The error was first seen on "/login" at 09:14, four minutes after the release.',
    "We agreed to keep the old column until every consumer has moved to the new one.",
    "Requests that fail with 429 or 5xx are repeated up to twice, never after a timeout.",
    "La migration a duré trois minutes de plus que prévu — no data was lost.",
)
_KINDS = (
    ("github", "pull_request", "merged"),
    ("github", "issue", "closed"),
    ("vercel", "deployment", "failed"),
    ("github", "discussion", "answered"),
    ("sentry", "error", "resolved"),
)


def _result(number: int, rng: random.Random) -> dict[str, Any]:
    """One result of the documented shape, with every documented field."""
    source, kind, action = _KINDS[number % len(_KINDS)]
    return {
        "id": f"obs_{rng.getrandbits(64):016x}",
        "title": _SUBJECTS[number % len(_SUBJECTS)],
        "source": source,
        "type": kind,
        "url": f"https://github.com/acme/api/pull/{400 + number}",
        "occurredAt": f"2026-03-{1 + number % 28:02d}T09:14:{number % 60:02d}.123Z",
        "snippet": " ".join(rng.sample(_SENTENCES, 1 + (number % 5 == 0))),
        "score": round(0.99 - number * 0.007, 4),
        "latestAction": action,
        "totalEvents": 1 + number % 9,
        "significanceScore": round(rng.uniform(20, 95), 1),
        "entities": [
            {"key": "@ada", "category": "person"},
            {"key": f"src/session/{number}.ts", "category": "file"},
        ][: 1 + (number + 1) % 2],
        "references": [
            {
                "type": "issue",
                "id": f"LIN-{200 + number}",
                "url": f"https://linear.app/acme/issue/LIN-{200 + number}",
                "label": "fixes",
            },
            {"type": "commit", "id": f"{rng.getrandbits(28):07x}"},
        ][: 1 + number % 2],
    }


def documented(count: int) -> dict[str, Any]:
    """Return an answer of `count` results as the API documents it."""
    rng = random.Random(count)
    return {
        "data": [_result(number, rng) for number in range(count)],
        "context": {
            "clusters": [
                {
                    "topic": "Sessions",
                    "summary": "How sessions are refreshed, and what broke.",
                    "keywords": ["session", "cookie", "login"],
                },
                {"topic": "Releases", "summary": None, "keywords": ["deployment", "rollback"]},
            ]
        },
        "meta": {
            "total": 257,
            "limit": count,
            "offset": 0,
            "took": 128.4,
            "mode": "balanced",
            "paths": {"vector": True, "entity": True, "cluster": True},
        },
        "latency": {
            "total": 128.4,
            "retrieval": 41,
            "rerank": 62.5,
            "auth": 3.1,
            "parse": 0.2,
            "search": 110,
            "embedding": 18,
            "entitySearch": 12,
            "clusterSearch": 9,
            "enrich": 6,
            "maxParallel": 41,
        },
        "requestId": "req_7f3a2c9b41d8",
    }


def exa(count: int) -> dict[str, Any]:
    """Return the same results in the shape of Exa's /search."""
    return {
        "requestId": "req_7f3a2c9b41d8",
        "resolvedSearchType": "neural",
        "results": [
            {
                "id": result["url"],
                "title": result["title"],
                "url": result["url"],
                "publishedDate": result["occurredAt"],
                "author": "ada",
                "score": result["score"],
                "text": f"{result['title']}. {result['snippet']} {_SENTENCES[0]}",
                "highlights": [result["snippet"][:90]],
                "highlightScores": [0.5],
                "favicon": "https://github.com/favicon.ico",
            }
            for result in documented(count)["data"]
        ],
        "searchTime": 128.4,
        "costDollars": {"total": 0.005, "search": {"neural": 0.005}},
    }


def openai(count: int) -> dict[str, Any]:
    """Return the same results in the shape of OpenAI's vector store search."""
    return {
        "object": "vector_store.search_results.page",
        "search_query": [QUERY],
        "data": [
            {
                "file_id": result["id"],
                "filename": result["title"],
                "score": result["score"],
                "attributes": {
                    "source": result["source"],
                    "type": result["type"],
                    "url": result["url"],
                    "occurredAt": result["occurredAt"],
                    "totalEvents": result["totalEvents"],
                },
                "content": [
                    {"type": "text", "text": f"{result['snippet']} {_SENTENCES[0]}"},
                    {"type": "text", "text": f"{result['title']}. {_SENTENCES[1]}"},
                ],
            }
            for result in documented(count)["data"]
        ],
        "has_more": False,
        "next_page": None,
    }


DIALECTS = {"lightfast": documented, "exa": exa, "openai": openai}


def body(dialect: str, count: int) -> bytes:
    """Return the JSON of one answer, compact and in UTF-8, as a JavaScript server writes it."""
    answer = DIALECTS[dialect](count)
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def http_response(dialect: str, count: int) -> bytes:
    """Return a whole HTTP answer with the headers that the hosting edge adds."""
    content = body(dialect, count)
    head = (
        "HTTP/1.1 200 OK\r\n"
        "Cache-Control: public, max-age=0, must-revalidate\r\n"
        "Content-Type: application/json\r\n"
        "Date: Fri, 03 Apr 2026 12:00:00 GMT\r\n"
        "Server: Vercel\r\n"
        "X-Request-ID: req_7f3a2c9b41d8\r\n"
        "X-Vercel-Id: fra1::iad1::x7k2p-1775217600000-9f3a2c9b41d8\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content
