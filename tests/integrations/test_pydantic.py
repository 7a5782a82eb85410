"""Values as pydantic fields, and as what FastAPI takes and returns."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import pydantic
import pytest
from fastapi import Body, FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.testclient import TestClient

import lightfast
from lightfast import (
    LightfastError,
    SearchFailure,
    SearchMeta,
    SearchOutcome,
    SearchRequest,
    SearchResponse,
    SearchResult,
)
from tests.servers import contract
from tests.test_values import HIT, READABLE, REQUEST, RESPONSE

VALUES = [
    *sorted({*lightfast.models.__all__} - {"SearchOutcome"}),
    "DateRange",
    "SearchFilters",
    "SearchRequest",
]


class Saved(pydantic.BaseModel):
    """A user's own model that holds our values."""

    response: SearchResponse
    best: SearchResult | None = None
    outcomes: list[SearchOutcome] = []


@pytest.mark.parametrize("name", VALUES)
def test_every_value_has_a_json_schema_both_ways(name):
    adapter = pydantic.TypeAdapter(getattr(lightfast, name))
    for mode in ("validation", "serialization"):
        assert adapter.json_schema(mode=mode)["type"] == "object"


def test_the_json_schema_has_the_fields_that_are_written():
    document = SearchResponse.from_dict(contract("response_documented.json")).to_dict()
    schema = pydantic.TypeAdapter(SearchResponse).json_schema(mode="serialization")
    properties = schema["properties"]
    assert set(document) == set(properties)
    results = schema["$defs"]["SearchResult"]["properties"]
    assert set().union(*document["data"]) == set(results)


@pytest.mark.parametrize("value", READABLE, ids=lambda value: type(value).__name__)
def test_a_value_is_validated_and_written_as_the_api_writes_it(value):
    adapter = pydantic.TypeAdapter(type(value))
    assert adapter.validate_python(value) is value
    assert adapter.validate_json(adapter.dump_json(value)) == value
    assert adapter.dump_python(value) == value.to_dict()


def test_a_model_may_hold_values():
    saved = Saved(response=RESPONSE, best=HIT, outcomes=[SearchFailure(index=0, query="q", error=LightfastError("x"))])  # fmt: skip
    document = saved.model_dump(mode="json")
    assert document["response"] == RESPONSE.to_dict()
    assert document["outcomes"][0]["error"]["message"] == "x"
    assert Saved(response=document["response"], best=document["best"]).response == RESPONSE
    definitions = Saved.model_json_schema()["$defs"]
    assert {"SearchResponse", "SearchResult", "SearchMeta", "Entity", "SearchSuccess", "SearchFailure"} <= set(definitions)  # fmt: skip


def test_pydantic_says_where_a_value_does_not_fit():
    with pytest.raises(pydantic.ValidationError, match=r"\$\.meta: missing"):
        Saved(response={"data": []})
    with pytest.raises(pydantic.ValidationError, match="expected a SearchResponse"):
        Saved(response=[])


def test_fastapi_takes_and_returns_values_and_lists_them_in_openapi():
    app = FastAPI()

    @app.post("/search")
    async def search(request: Annotated[SearchRequest, Body()]) -> SearchResponse:
        assert request == REQUEST
        return RESPONSE

    @app.get("/hits", response_model=list[SearchResult])
    async def hits():
        return list(RESPONSE)

    @app.get("/plain")
    async def plain():
        return {"found": RESPONSE, "meta": RESPONSE.meta}

    client = TestClient(app)
    answer = client.post("/search", json=REQUEST.to_dict())
    assert (answer.status_code, answer.json()) == (200, RESPONSE.to_dict())
    assert client.post("/search", json={"query": ""}).status_code == 422
    assert client.get("/hits").json() == [HIT.to_dict()]
    assert client.get("/plain").json() == {"found": RESPONSE.to_dict(), "meta": RESPONSE.meta.to_dict()}  # fmt: skip
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert schemas["SearchResult"]["properties"]["occurredAt"]["anyOf"][0]["format"] == "date-time"
    assert schemas["SearchRequest"]["required"] == ["query"]


def test_encoders_that_know_nothing_of_us_see_a_dict():
    assert jsonable_encoder(RESPONSE) == RESPONSE.to_dict()
    empty = SearchResponse(results=(), meta=SearchMeta(total=0))
    assert jsonable_encoder(empty) == empty.to_dict()


def test_values_do_not_load_pydantic():
    code = "import sys, lightfast; lightfast.SearchRequest('q').to_json(); sys.exit('pydantic' in sys.modules)"  # fmt: skip
    assert subprocess.run([sys.executable, "-c", code], timeout=180).returncode == 0
