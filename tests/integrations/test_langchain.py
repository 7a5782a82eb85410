"""LangChain's own standard tests, against the emulator; and what they do not ask."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest
from langchain_core.tools import BaseTool
from langchain_tests.integration_tests import RetrieversIntegrationTests, ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests

from lightfast import (
    AsyncLightfast,
    ConfigurationError,
    Lightfast,
    RetryPolicy,
    SearchFilters,
    SearchResponse,
)
from lightfast.emulator import faults
from lightfast.integrations.langchain import LightfastRetriever, LightfastSearchTool

QUERY = "login bug payment deployment"


class TestRetriever(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _client(self, client: AsyncLightfast) -> None:
        self.client = client

    @property
    def retriever_constructor(self) -> type[LightfastRetriever]:
        return LightfastRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"client": self.client}

    @property
    def retriever_query_example(self) -> str:
        return QUERY


class _Tool:
    @pytest.fixture(autouse=True)
    def _client(self, client: AsyncLightfast) -> None:
        self.client = client

    @property
    def tool_constructor(self) -> type[BaseTool]:
        return LightfastSearchTool

    @property
    def tool_constructor_params(self) -> dict[str, Any]:
        return {"client": self.client}

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return {"query": QUERY, "limit": 2}


class TestToolUnit(_Tool, ToolsUnitTests):
    pass


class TestToolIntegration(_Tool, ToolsIntegrationTests):
    pass


def test_a_document_has_everything_that_the_result_has(client):
    result = client.search("login bug", limit=1)[0]
    (document,) = LightfastRetriever(client=client, k=1).invoke("login bug")
    assert document.id == result.id
    assert document.page_content == f"{result.title}\n\n{result.snippet}"
    for name in ("source", "type", "url", "score", "latest_action", "id", "title"):
        assert document.metadata[name] == getattr(result, name)
    assert document.metadata["occurred_at"] == result.occurred_at.isoformat()
    assert document.metadata["entities"] == [entity.to_dict() for entity in result.entities]
    json.dumps(document.metadata)


def test_options_of_the_call_come_before_those_of_the_retriever(client, emulator):
    retriever = LightfastRetriever(client=client, mode="fast", filters={"sources": ["github"]})
    assert retriever.filters == SearchFilters.from_dict({"sources": ["github"]})
    emulator.clear()
    retriever.invoke(QUERY, None, k=3, mode="thorough")
    (request,) = emulator.requests
    assert (request.json["limit"], request.json["mode"]) == (3, "thorough")
    assert request.json["filters"]["sources"] == ["github"]


async def test_awaiting_neither_blocks_the_loop_nor_starts_a_thread(client):
    retriever, tool = LightfastRetriever(client=client), LightfastSearchTool(client=client)
    found = await asyncio.gather(*(retriever.ainvoke(QUERY) for _ in range(5)), tool.ainvoke({"query": QUERY}))  # fmt: skip
    assert all(found)
    # The thread on which blocking calls run has this name; the emulator's have others.
    assert "lightfast" not in {thread.name for thread in threading.enumerate()}
    await client.async_client.aclose()


@pytest.mark.usefixtures("_service")
def test_a_retriever_finds_its_client_in_the_environment():
    retriever = LightfastRetriever(k=1)
    assert len(retriever.invoke(QUERY)) == 1
    retriever.client.close()


def test_a_tool_gives_the_model_text_and_the_program_the_response(client):
    call = {"name": "lightfast_search", "args": {"query": "login bug", "sources": ["github"]}, "id": "1", "type": "tool_call"}  # fmt: skip
    message = LightfastSearchTool(client=client).invoke(call)
    assert isinstance(message.artifact, SearchResponse)
    assert {hit.source for hit in message.artifact} == {"github"}
    assert message.artifact[0].title in message.content


def test_what_goes_wrong_is_told_to_the_model(emulator):
    emulator.script(faults.unauthorized())
    with Lightfast(emulator.create_api_key(), base_url=emulator.base_url, retries=RetryPolicy(retries=0)) as client:  # fmt: skip
        call = {"name": "lightfast_search", "args": {"query": "q"}, "id": "1", "type": "tool_call"}
        message = LightfastSearchTool(client=client).invoke(call)
    assert message.status == "error"
    assert "401" in message.content


def test_a_retrievers_errors_are_ours(client):
    with pytest.raises(ConfigurationError):
        LightfastRetriever(client=client).invoke("")


def test_a_printed_retriever_shows_no_key(client):
    assert "sk-lf" not in repr(LightfastRetriever(client=client))
