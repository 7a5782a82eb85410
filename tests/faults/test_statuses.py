"""Every status from 400 to 599, in every documented shape of a body and in none."""

from __future__ import annotations

import json

import pytest

import lightfast
from lightfast import APIError, RetryPolicy
from lightfast._secrets import Secret
from lightfast._wire.responses import HttpResponse, error_from
from tests.faults.checks import check_error
from tests.faults.faces import KEY, USUAL
from tests.faults.plays import message
from tests.faults.server import FaultServer, Wire
from tests.faults.table.statuses import class_name

SHAPES = {
    "documented": {"error": "A_CODE", "message": "some words", "requestId": "req_1"},
    "without message": {"error": "A_CODE", "details": {"fieldErrors": {"limit": ["too big"]}}, "requestId": "req_1"},
    "second revision": {"defined": True, "code": "A_CODE", "status": 1, "message": "some words", "data": {"field": "limit"}},
    "HTML": b"<!doctype html><h1>Bad gateway</h1>",
    "plain text": b"FUNCTION_INVOCATION_TIMEOUT\n\nfra1::abc\n",
    "empty": b"",
    "null": b"null",
    "list": b'[{"error": "A_CODE"}]',
    "all wrong types": {"error": 5, "message": [], "requestId": {}, "details": 1, "data": None},
    "a good answer": {"data": [], "meta": {"total": 0}, "requestId": "req_1"},
    "truncated": b'{"error": "A_CODE", "mess',
    "nulls": {"error": None, "message": None, "requestId": None, "details": None},
}  # fmt: skip
RETRYABLE = {408, 429, 500, 502, 503, 504}


def check(error: object, status: int, shape: str) -> None:
    """Assert what every error of the API is."""
    assert isinstance(error, APIError)
    assert type(error).__name__ == class_name(status)
    assert error.status == status
    assert error.retryable == (status in RETRYABLE)
    assert str(status) in str(error)
    assert error.code == ("A_CODE" if shape in {"documented", "without message", "second revision"} else None)  # fmt: skip


@pytest.mark.slow  # 2,400 of them; below, one client meets them all
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("status", range(400, 600))
def test_every_status_in_every_shape_is_its_own_error(status, shape):
    """A status alone decides the class; the body adds what it has to say."""
    body = SHAPES[shape]
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    error = error_from(HttpResponse(status=status, headers=(), body=data, secret=Secret(KEY)))
    check(error, status, shape)
    check_error(error)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_status_in_every_shape_arrives_over_the_wire(face, stage, shape):
    """One client meets all 200 of them one after another, each once, on one connection."""
    statuses = iter(range(400, 600))

    async def next_status(wire: Wire) -> bool:
        await wire.send(message(SHAPES[shape], next(statuses)))
        return True

    server = FaultServer(next_status)
    options = USUAL | {"base_url": server.base_url, "retries": RetryPolicy(retries=0)}
    with stage.serve(server), face(**options | {"base_url": server.base_url}) as client:
        for status in range(400, 600):
            with pytest.raises(lightfast.LightfastError) as caught:
                client.search()
            check(caught.value, status, shape)
    assert len(server.requests) == 200
    assert server.connections == 1
