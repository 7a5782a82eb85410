"""The pytest plugin in sessions of its own: both modes of pytest-asyncio, none of it, and pytest-xdist."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from lightfast import AsyncLightfast, Lightfast
    from lightfast.emulator import Emulator

pytestmark = pytest.mark.slow

ASYNC_TEST = """
    import os
    import pytest
    from lightfast import AsyncLightfast, RateLimitError
    from lightfast.emulator import faults

    {mark}
    async def test_a_client_to_await(async_lightfast, lightfast_emulator):
        assert (await async_lightfast.search("login bug")).results[0].source == "github"
        assert lightfast_emulator.requests[-1].json["query"] == "login bug"

    {mark}
    async def test_the_environment(lightfast_emulator):
        assert os.environ["LIGHTFAST_BASE_URL"] == lightfast_emulator.base_url
        async with AsyncLightfast() as client:
            assert (await client.search("payments")).results
        assert len(lightfast_emulator.requests) == 1

    {mark}
    async def test_trouble(async_lightfast, lightfast_emulator):
        lightfast_emulator.script(faults.rate_limited(retry_after=60))
        with pytest.raises(RateLimitError):
            await async_lightfast.search("login")

    {mark}
    async def test_no_trouble_is_left(async_lightfast, lightfast_emulator):
        assert lightfast_emulator.requests == []
        assert (await async_lightfast.search("login")).results
"""
BLOCKING_TEST = """
    import os
    def test_a_blocking_client(lightfast, lightfast_emulator):
        assert lightfast.search("login bug").results[0].source == "github"
        assert [r.status for r in lightfast_emulator.requests] == [200]

    def test_a_script_that_nobody_played_is_forgotten(lightfast_emulator):
        from lightfast.emulator import faults
        lightfast_emulator.script(faults.config_error() * 5)
        lightfast_emulator.api_revision = "2026-04-04"

    def test_all_is_well_again(lightfast, lightfast_emulator):
        assert lightfast.search("login").meta.mode == "balanced"
"""
CORPUS = [{"title": "The house rules", "source": "wiki"}]


@pytest.fixture
def session(pytester: pytest.Pytester) -> pytest.Pytester:
    """Run pytest in a process of its own, where every warning is an error."""
    pytester.makepyprojecttoml(
        """
        [tool.pytest.ini_options]
        asyncio_default_fixture_loop_scope = "function"
        filterwarnings = ["error"]
        """
    )
    return pytester


def run(session: pytest.Pytester, *arguments: str, passed: int) -> pytest.RunResult:
    result = session.runpytest_subprocess(
        "-p", "no:cacheprovider", *arguments, timeout=3 * PATIENCE
    )
    result.assert_outcomes(passed=passed)
    said = result.stdout.str() + result.stderr.str()
    assert not [w for w in ("ResourceWarning", "was destroyed", "Unclosed") if w in said]
    return result


def test_this_very_session_has_the_fixtures(
    lightfast: Lightfast, lightfast_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package's own tests load the plugin as its users' do."""
    assert lightfast.search("login bug").results
    assert [r.status for r in lightfast_emulator.requests] == [200]
    assert os.environ["LIGHTFAST_BASE_URL"] == lightfast_emulator.base_url


@pytest.mark.lightfast_corpus("contract/../../README.md")
async def test_this_very_session_can_await(
    async_lightfast: AsyncLightfast, lightfast_emulator: Emulator
) -> None:
    """With a corpus that the test names."""
    await async_lightfast.search("install")
    (corpus,) = lightfast_emulator.corpora()
    assert corpus.location.endswith("README.md")


def test_asyncio_in_auto_mode(session: pytest.Pytester) -> None:
    session.makepyfile(ASYNC_TEST.format(mark=""))
    run(session, "--asyncio-mode=auto", passed=4)


@pytest.mark.parametrize("scope", ["function", "module"])
def test_asyncio_in_strict_mode(session: pytest.Pytester, scope: str) -> None:
    session.makepyfile(ASYNC_TEST.format(mark=f"@pytest.mark.asyncio(loop_scope={scope!r})"))
    run(session, "--asyncio-mode=strict", passed=4)


def test_without_a_plugin_for_asyncio(session: pytest.Pytester) -> None:
    session.makepyprojecttoml('[tool.pytest.ini_options]\nfilterwarnings = ["error"]')
    session.makepyfile(
        BLOCKING_TEST
        + """
    def test_a_loop_of_ones_own(async_lightfast):
        import asyncio
        assert len(asyncio.run(async_lightfast.search("login"))) > 1
    """
    )
    run(session, "-p", "no:asyncio", passed=4)


def test_xdist_gives_every_worker_its_own_emulator(session: pytest.Pytester) -> None:
    session.makepyfile(
        test_a=BLOCKING_TEST,
        test_b=BLOCKING_TEST,
        test_c=ASYNC_TEST.format(mark="@pytest.mark.asyncio"),
    )
    run(session, "-n2", passed=10)


def test_a_corpus_of_ones_own(session: pytest.Pytester) -> None:
    """By ini option, by marker, and by overriding the fixture."""
    corpus = "".join(json.dumps(line) + "\n" for line in CORPUS)
    session.makefile(".jsonl", house=corpus, other=corpus.replace("house", "barn"))
    session.makepyprojecttoml(
        """
        [tool.pytest.ini_options]
        asyncio_default_fixture_loop_scope = "function"
        lightfast_corpus = ["house.jsonl"]
        """
    )
    session.makepyfile(
        test_named="""
        import pytest

        def test_by_ini(lightfast):
            assert [r.title for r in lightfast.search("rules")] == ["The house rules"]

        @pytest.mark.lightfast_corpus("other.jsonl")
        def test_by_marker(lightfast):
            assert [r.title for r in lightfast.search("rules")] == ["The barn rules"]
        """,
        test_overridden="""
        import pytest

        @pytest.fixture
        def lightfast_corpus(tmp_path):
            path = tmp_path / "made.jsonl"
            path.write_text('{"title": "Made rules"}')
            return [path]

        def test_by_fixture(lightfast):
            assert [r.title for r in lightfast.search("rules")] == ["Made rules"]
        """,
    )
    run(session, "--strict-markers", passed=3)


def test_nothing_heavy_is_loaded_before_it_is_asked_for(session: pytest.Pytester) -> None:
    session.makepyfile(
        """
        import sys

        def test_nothing_is_loaded():
            heavy = {"aiohttp", "attrs", "orjson", "sqlite3", "cryptography", "lightfast.emulator"}
            assert not heavy & set(sys.modules)
            ours = {name for name in sys.modules if name.startswith("lightfast")}
            assert ours <= {"lightfast", "lightfast._version", "lightfast.pytest_plugin"}
        """
    )
    # Those of other packages load what they need; langsmith comes with langchain-core.
    others = ("hypothesispytest", "xdist", "langsmith_plugin", "schemathesis")
    run(session, *(option for name in others for option in ("-p", f"no:{name}")), passed=1)


def test_the_fixtures_are_listed_with_what_they_give(session: pytest.Pytester) -> None:
    result = session.runpytest_subprocess(
        "--fixtures", "-p", "no:cacheprovider", timeout=3 * PATIENCE
    )
    result.stdout.fnmatch_lines(["*lightfast_emulator*", "*Serve the search API locally*"])
