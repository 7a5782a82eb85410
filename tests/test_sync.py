"""The blocking face: the same client, from threads, notebooks and scripts."""

from __future__ import annotations

import gc
import inspect
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lightfast import AsyncLightfast, Lightfast, UsageError
from tests.conftest import KEY, QUICK
from tests.servers import Server, delayed, page
from tests.waiting import PATIENCE, wait_until


@pytest.fixture
def blocking(server: Server) -> Iterator[Lightfast]:
    with Lightfast(KEY, base_url=server.base_url, retries=QUICK) as client:
        yield client


def public(cls: type) -> dict[str, Callable[..., Any]]:
    return {
        name: member
        for name, member in inspect.getmembers(cls, inspect.isfunction)
        if not name.startswith("_") or name == "__init__"
    }


def test_both_faces_have_the_same_methods_with_the_same_parameters():
    ours, theirs = public(Lightfast), public(AsyncLightfast)
    theirs["close"] = theirs.pop("aclose")
    assert ours.keys() == theirs.keys()
    for name in ours:
        parameters = [
            (p.name, p.kind, p.default, p.annotation)
            for p in inspect.signature(ours[name]).parameters.values()
        ]
        assert parameters == [
            (p.name, p.kind, p.default, p.annotation)
            for p in inspect.signature(theirs[name]).parameters.values()
        ], name


@pytest.mark.parametrize(
    "name", ["search", "iter_results", "search_many", "post", "get", "with_options"]
)
def test_an_editor_shows_the_whole_documentation_of_both_faces(name):
    text = inspect.getdoc(getattr(Lightfast, name))
    assert text == inspect.getdoc(getattr(AsyncLightfast, name))
    assert "Args:" in text
    # Editors read the source; nothing is copied at run time.
    assert text.splitlines()[0] in inspect.getsource(getattr(Lightfast, name))


def test_both_classes_document_the_same_arguments():
    def arguments(cls):
        text = inspect.getdoc(cls)
        return text[text.index("Args:") :].split("\n\n")[0]

    assert arguments(Lightfast) == arguments(AsyncLightfast)
    names = inspect.signature(AsyncLightfast).parameters
    assert [name for name in names if f"\n    {name}: " not in arguments(AsyncLightfast)] == []


def test_it_answers_as_the_asynchronous_one_does(blocking, server):
    response = blocking.search("q", limit=3)
    assert response[0].id == "obs_01HV8Z3K"
    assert server.requests[0][1]["limit"] == 3
    assert blocking.post("search", {"query": "q"}).data["requestId"] == "req_7f3a2c"
    assert [hit.id for hit in blocking.iter_results("q", max_results=2)] == [
        "obs_01HV8Z3K",
        "obs_01HV8Z3M",
    ]
    assert [outcome.ok for outcome in blocking.search_many(["a", "b"])] == [True, True]
    assert "Lightfast" in repr(blocking)
    assert "Async" not in repr(blocking)


def test_threads_share_one_client(blocking, server):
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: blocking.search(f"q{number}"), range(200)))
    assert len(answers) == len(server.requests) == 200


async def test_it_works_on_a_thread_that_runs_an_event_loop(blocking):
    assert blocking.search("q")


def test_its_own_loop_cannot_wait_for_itself(server):
    clients = []

    async def provider():
        clients[0].search("q")
        return KEY

    clients.append(Lightfast(provider, base_url=server.base_url))
    with clients[0] as client, pytest.raises(UsageError, match="wait for itself"):
        client.search("q")


def test_a_generator_of_queries_may_use_the_client_itself(blocking):
    def queries():
        for hit in blocking.search("q"):
            yield hit.title

    assert all(outcome.ok for outcome in blocking.search_many(queries()))


def test_leaving_an_iteration_early_ends_what_is_under_way(serve):
    server = serve(delayed(0.01, page("1")))
    with Lightfast(KEY, base_url=server.base_url) as client:
        outcomes = client.search_many((f"q{number}" for number in range(10_000)), concurrency=4)
        next(outcomes)
        outcomes.close()
        assert client.search("q")
    assert len(server.requests) < 50


def interrupt_when(condition: Callable[[], object]) -> threading.Thread:
    """Press Ctrl-C as soon as a condition is true."""

    def press() -> None:
        wait_until(condition)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    return thread


def test_ctrl_c_cancels_the_call_and_leaves_the_client_usable(serve):
    server = serve(delayed(30, page("1")), page("2"))
    with Lightfast(KEY, base_url=server.base_url, max_connections=1) as client:
        with pytest.raises(KeyboardInterrupt):
            interrupting = interrupt_when(lambda: server.requests)
            client.search("q")
        assert client.search("q")[0].id == "2"
        interrupting.join()


def test_use_after_close_says_what_to_do(server):
    client = Lightfast(KEY, base_url=server.base_url)
    client.search("q")
    client.close()
    client.close()
    for use in (client.search, lambda q: list(client.iter_results(q))):
        with pytest.raises(UsageError, match="This client is closed"):
            use("q")


def test_closing_in_another_thread_ends_a_call_under_way(serve):
    server = serve(delayed(30, page("1")))
    client = Lightfast(KEY, base_url=server.base_url)

    def close():
        wait_until(lambda: server.requests)
        client.close()

    closing = threading.Thread(target=close)
    closing.start()
    with pytest.raises(UsageError, match="closed while a call was under way"):
        client.search("q")
    closing.join()


@pytest.mark.filterwarnings("ignore:loop is closed:ResourceWarning")  # uvloop's own, of its handles
def test_the_private_thread_ends_with_the_client(server):
    before = set(threading.enumerate())  # some of other tests may just be ending
    client = Lightfast(KEY, base_url=server.base_url)
    assert set(threading.enumerate()) <= before
    client.search("q")
    (thread,) = set(threading.enumerate()) - before
    assert thread.name == "lightfast"
    with pytest.warns(ResourceWarning, match=r"test_sync\.py"):
        del client
        gc.collect()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_options_make_a_cheap_copy_on_the_same_loop(blocking, server):
    twin = blocking.with_options(timeout=3)
    assert twin.search("q")
    twin.close()
    with pytest.raises(UsageError):
        twin.search("q")
    assert blocking.search("q")
