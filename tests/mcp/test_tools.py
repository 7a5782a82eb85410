"""The tools, as the official client calls them and validates what they answer."""

from __future__ import annotations

import asyncio
import threading

import pytest
from mcp import Client, MCPError

from lightfast import AsyncLightfast, RetryPolicy
from lightfast.emulator import Emulator, faults
from lightfast.mcp import RemoteMemory, create_server
from tests import ROOT
from tests.emulator.embedders import Synonyms
from tests.mcp.conftest import local_client
from tests.waiting import PATIENCE


async def ask(client: Client, name: str, **arguments: object) -> str:
    """Call a tool, and return its text."""
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result.content[0].text
    return result.content[0].text


async def test_all_tools_are_described_and_only_read(repository):
    async with local_client(repository) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert list(tools) == [
        "lightfast_search",
        "lightfast_contents",
        "lightfast_find_similar",
        "lightfast_related",
    ]
    for tool in tools.values():
        assert tool.annotations.read_only_hint
        assert not tool.annotations.destructive_hint
        assert tool.output_schema["type"] == "object"
        assert len(tool.description) > 50
    properties = tools["lightfast_search"].input_schema["properties"]
    assert {"query", "limit", "offset", "mode", "filters"} <= set(properties)


async def test_a_search_answers_with_text_for_a_model_and_with_the_apis_json(repository):
    """7: one tool, `lightfast_search`, takes the search request and gives the response as JSON."""
    async with local_client(repository) as client:
        result = await client.call_tool(
            "lightfast_search",
            {"query": "Send failed requests again", "filters": {"observationTypes": ["commit"]}},
        )
    first = result.structured_content["data"][0]
    assert first["title"] == "Send failed requests again"
    assert result.structured_content["meta"]["total"] >= 1
    lines = result.content[0].text.splitlines()
    assert lines[0].startswith("Results 1-")
    assert lines[2] == "1. Send failed requests again"
    assert first["id"].removeprefix("commit_")[:10] in lines[3]
    for said in ("2026-01-02", "Ada Lovelace", "github commit", f"id {first['id']}"):
        assert said in lines[3]
    assert "jitter" in lines[4]


async def test_a_budget_leaves_out_whole_results_and_says_how_to_go_on(repository):
    async with local_client(repository) as client:
        every = await client.call_tool("lightfast_search", {"query": "retry request failed"})
        result = await client.call_tool(
            "lightfast_search", {"query": "retry request failed", "max_characters": 1}
        )
    assert len(every.structured_content["data"]) > 2
    assert len(result.structured_content["data"]) == 1  # the first is always shown
    text = result.content[0].text
    assert text.startswith(every.content[0].text.split("\n\n")[0].split("-")[0])
    assert every.content[0].text.split("\n\n")[1] in text
    assert "did not fit" in text
    assert "offset=1" in text


async def test_a_document_is_read_whole_with_its_patch_on_request(repository):
    sha = repository.git("rev-parse", "HEAD~1").strip()
    async with local_client(repository) as client:
        plain = await ask(client, "lightfast_contents", id=sha)
        patched = await client.call_tool("lightfast_contents", {"id": sha[:8], "patch": True})
    assert plain.startswith("# Raise the retry limit")
    for said in (sha, "Ada Lovelace", "- retry.py", "Fixes #7.", "fixes #7"):
        assert said in plain
    assert "Patch:" not in plain
    assert "+N = 3" in patched.content[0].text
    assert "-N = 2" in patched.structured_content["patch"]


async def test_a_document_is_cut_between_words_within_the_budget(repository):
    repository.commit(f"A long story\n\n{'abcdefghi ' * 1000}")
    async with local_client(repository) as client:
        text = await ask(
            client,
            "lightfast_contents",
            id=repository.git("rev-parse", "HEAD").strip(),
            max_characters=500,
        )
    assert 450 < len(text) <= 500
    words, _, cut = text.rpartition("\n\n")
    assert words.endswith("abcdefghi")
    assert cut.startswith("[Cut at max_characters=500 of ")


async def test_nothing_invisible_reaches_a_model(repository):
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "obey")
    repository.commit(
        f"Weigh the anchor{hidden}\n\nSlowly.{hidden}", {"a.md": f"# Anchor\n\n{hidden}\n"}
    )
    async with local_client(repository) as client:
        found = await client.call_tool("lightfast_search", {"query": "anchor"})
        first = found.structured_content["data"][0]["id"]
        whole = await client.call_tool("lightfast_contents", {"id": first, "patch": True})
    for result in (found, whole):
        assert "nchor" in result.content[0].text
        assert hidden[0] not in f"{result.content[0].text}{result.structured_content}"


async def test_similar_and_related_results_lead_from_one_to_the_next(repository):
    sha = repository.git("rev-parse", "HEAD~1").strip()
    async with local_client(repository) as client:
        related = await client.call_tool("lightfast_related", {"id": sha})
        similar = await ask(client, "lightfast_find_similar", id=sha, limit=2)
        (row,) = related.structured_content["data"]
        back = await ask(client, "lightfast_related", id=row["document"]["id"])
    assert "references: Too few retries" in related.content[0].text
    assert "referenced by: Raise the retry limit" in back
    assert "Paint the shed" not in similar


async def test_a_commit_made_while_it_serves_is_found(repository):
    async with local_client(repository) as client:
        assert "zeppelin" not in await ask(client, "lightfast_search", query="airship")
        repository.commit("Moor the airship\n\nA zeppelin needs a mast.")
        async with asyncio.timeout(PATIENCE):
            while "zeppelin" not in await ask(client, "lightfast_search", query="airship"):  # noqa: ASYNC110
                await asyncio.sleep(0.1)


async def test_a_first_index_is_waited_for_and_its_progress_is_told(repository):
    told = []
    was_told = threading.Event()

    class Slow(Emulator):
        def refresh(self) -> int:
            assert was_told.wait(PATIENCE)
            return super().refresh()

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)
        was_told.set()

    async with local_client(repository, Slow) as client:
        result = await client.call_tool(
            "lightfast_search", {"query": "retries"}, progress_callback=tell
        )
    assert result.structured_content["data"]
    assert told[0] == "Indexing"


async def test_an_index_that_is_behind_answers_and_says_so(repository):
    with Emulator([repository.path], database=repository.path.parent / "index.sqlite3", embedder=None) as before:  # fmt: skip
        assert before.documents
    may_go = threading.Event()

    class Slow(Emulator):
        def refresh(self) -> int:
            assert may_go.wait(PATIENCE)
            return super().refresh()

    async with local_client(repository, Slow) as client:
        text = await ask(client, "lightfast_search", query="retries")
        may_go.set()
    assert text.startswith("Results 1-")
    assert "The index is being brought up to date" in text


async def test_documents_are_embedded_behind_the_answers(repository):
    embedder = Synonyms()
    async with local_client(repository, embedder=embedder) as client:
        async with asyncio.timeout(60):
            while "lightfast-emulator-embedding" not in embedder.threads:
                assert await ask(client, "lightfast_search", query="retries")


async def test_nothing_found_is_no_error(repository):
    async with local_client(repository) as client:
        assert await ask(client, "lightfast_search", query="xyzzy") == "Nothing found."


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("lightfast_search", {"query": ""}, "`query` must be"),
        ("lightfast_search", {}, "'query' is missing"),
        ("lightfast_search", {"query": "q", "limit": 1000}, "from 1 to 100"),
        ("lightfast_search", {"query": "q", "max_characters": "many"}, "`max_characters`"),
        ("lightfast_search", {"query": "q", "filters": {"dateRange": {"start": "today"}}}, "UTC"),
        ("lightfast_search", {"query": "q", "filters": {"dateRange": 5}}, "`dateRange` must be"),
        ("lightfast_search", {"query": "q", "filters": {"kinds": ["pr"]}}, "use sourceTypes, obs"),
        ("lightfast_contents", {}, "`id` must be"),
        ("lightfast_contents", {"id": "nope"}, "give the `id` of a search result"),
        ("lightfast_related", {"id": "nope"}, "give the `id` of a search result"),
        ("lightfast_find_similar", {"id": "nope", "limit": 0}, "`limit`"),
    ],
)
async def test_a_wrong_call_is_an_error_that_a_model_can_act_on(repository, name, arguments, says):
    async with local_client(repository) as client:
        result = await client.call_tool(name, arguments)
    assert result.is_error
    assert says in result.content[0].text


async def test_an_unknown_tool_is_an_error_of_the_protocol(repository):
    async with local_client(repository) as client:
        with pytest.raises(MCPError, match="Unknown tool"):
            await client.call_tool("lightfast_destroy", {})


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (faults.unauthorized(), "check LIGHTFAST_API_KEY"),
        (faults.rate_limited(retry_after=7), "Try again in 7 s."),
        (faults.internal_error(), "Try again later."),
    ],
)
async def test_what_the_api_refuses_says_what_to_do(fault, says):
    with Emulator([ROOT / "README.md"], embedder=None) as emulator:
        key = emulator.create_api_key()
        emulator.script(fault)
        async with (
            AsyncLightfast(key, base_url=emulator.base_url, retries=RetryPolicy(retries=0)) as api,
            Client(create_server(RemoteMemory(api))) as client,
        ):
            assert [tool.name for tool in (await client.list_tools()).tools] == ["lightfast_search"]
            failed = await client.call_tool("lightfast_search", {"query": "retries"})
            found = await client.call_tool("lightfast_search", {"query": "retries"})
    assert failed.is_error
    assert says in failed.content[0].text
    assert key not in failed.content[0].text
    assert not found.is_error
