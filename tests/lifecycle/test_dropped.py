"""Clients that are dropped without being closed: at most our own warning, in every way of dropping.

Each program runs in a fresh interpreter with warnings as errors, so that anything that aiohttp,
asyncio or the interpreter complains of on its way out stands on stderr.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from tests.faults.faces import KEY
from tests.faults.plays import hang
from tests.faults.server import FaultServer
from tests.waiting import PATIENCE

OURS = "ResourceWarning: A lightfast client was not closed"
TRACE = "Enable tracemalloc"  # Python's own hint below such a warning
FOREIGN = ("Unclosed", "unclosed", "Exception ignored", "never awaited", "Traceback", "Task was")

WAYS = {
    "in a running loop": """
        async def main():
            for _ in range(20):
                await AsyncLightfast().search("q")
            gc.collect(); await asyncio.sleep(0.05)
        asyncio.run(main())
    """,
    "a local of main()": """
        async def main():
            client = AsyncLightfast()
            await client.search("q")
        asyncio.run(main())
    """,
    "a global": """
        client = AsyncLightfast()
        asyncio.run(client.search("q"))
    """,
    "in a reference cycle": """
        class Node: pass
        async def main():
            node = Node(); node.itself = node
            node.client = AsyncLightfast()
            await node.client.search("q")
            del node; gc.collect(); await asyncio.sleep(0.05)
        asyncio.run(main())
    """,
    "in a cycle that is collected after the loop": """
        class Node: pass
        async def main():
            node = Node(); node.itself = node
            node.client = AsyncLightfast()
            await node.client.search("q")
        asyncio.run(main()); gc.collect()
    """,
    "in a cycle that is never collected": """
        gc.disable()
        class Node: pass
        node = Node(); node.itself = node
        node.client = Lightfast()
        node.client.search("q"); del node
    """,
    "on a loop run by hand": """
        loop = asyncio.new_event_loop()
        client = AsyncLightfast()
        loop.run_until_complete(client.search("q"))
        del client; gc.collect()
        loop.run_until_complete(asyncio.sleep(0.05)); loop.close()
    """,
    "before a loop is closed that was run by hand": """
        loop = asyncio.new_event_loop()
        client = AsyncLightfast()
        loop.run_until_complete(client.search("q"))
        del client; gc.collect(); loop.close(); gc.collect()
    """,
    "after a loop was closed that was run by hand": """
        loop = asyncio.new_event_loop()
        client = AsyncLightfast()
        loop.run_until_complete(client.search("q"))
        loop.close(); del client; gc.collect()
    """,
    "blocking, in one line": """
        for hit in Lightfast().search("q"): hit
    """,
    "blocking, a local of main()": """
        def main():
            client = Lightfast()
            client.search("q")
        main(); gc.collect()
    """,
    "blocking, a global": """
        client = Lightfast()
        client.search("q")
    """,
    "half-read": """
        results = Lightfast().iter_results("q")
        next(results)
    """,
    "from another thread": """
        client = Lightfast(); client.search("q")
        holder = [client]; del client
        thread = threading.Thread(target=holder.clear); thread.start(); thread.join()
        time.sleep(0.05)
    """,
    "outliving our modules": """
        import builtins
        builtins.kept = Lightfast(); builtins.kept.search("q")
        sys.modules["kept"] = builtins.kept
    """,
}


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("way", WAYS)
def test_a_client_that_is_dropped_says_nothing_foreign(stage, server: FaultServer, run, way, loop):
    """Its connections are closed, and what is said is our ResourceWarning or nothing."""
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    setup = {
        "asyncio": "sys.modules['uvloop'] = None\n",
        "uvloop": "import uvloop\nwarnings.simplefilter('ignore')\n"
        "asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())\n",
    }[loop]
    program = (
        setup
        + "warnings.simplefilter('always')\n"
        # uvloop's own, of handles that are left when its loop is closed by hand
        + "warnings.filterwarnings('ignore', 'loop is closed|unclosed resource')\n"
        + textwrap.dedent(WAYS[way])
    )
    said = run(program, server.base_url, silent=False).stderr
    warned = [line for line in said.splitlines() if "Warning" in line and TRACE not in line]
    assert [line for line in warned if OURS not in line] == []
    assert not [word for word in FOREIGN if word in said]


def test_a_client_that_is_dropped_closes_its_connections(server: FaultServer, run):
    """A handler that makes a client for each request does not run out of file descriptors."""
    program = """
    import resource
    warnings.simplefilter("ignore")
    async def main():
        await AsyncLightfast().search("q")
        await asyncio.sleep(0.05)
        before = len(os.listdir("/dev/fd"))
        for _ in range(20):
            await AsyncLightfast().search("q")
            await asyncio.sleep(0.01)
        print(len(os.listdir("/dev/fd")) - before)
    asyncio.run(main())
    """
    assert int(run(program, server.base_url).stdout) <= 1


def test_dropped_while_a_call_is_under_way(stage, run):
    """The process ends promptly although the server never answers."""
    program = """
    warnings.simplefilter("ignore")
    client = Lightfast(timeout=None, attempt_timeout=None)
    threading.Thread(target=lambda: client.search("q"), daemon=True).start()
    time.sleep(0.3)
    """
    with stage.serve(FaultServer(hang)) as server:
        run(program, server.base_url, silent=False)


FORKED_IN_C = """
import ctypes
def in_child(work):
    child = ctypes.CDLL(None).fork()  # as uWSGI does: no hook of Python's is called
    if child == 0:
        try: work(); os._exit(0)
        except BaseException: os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
"""


def test_a_fork_that_python_is_not_told_of(server: FaultServer, run):
    """A client that was used before the fork starts afresh in the child, and goes on in the parent."""
    program = """
    client = Lightfast(timeout=5)
    client.search("parent")
    in_child(lambda: client.search("child"))
    client.search("parent"); client.close()
    """
    run(FORKED_IN_C + textwrap.dedent(program), server.base_url)
    assert len(server.requests) == 3
    assert server.connections == 2


def test_a_fork_that_python_is_not_told_of_with_the_asynchronous_client(server: FaultServer, run):
    """The same, in an event loop of the child's own."""
    program = """
    client = AsyncLightfast(timeout=5)
    asyncio.run(client.search("parent"))
    async def child():
        await client.search("child"); await client.aclose()
    in_child(lambda: asyncio.run(child()))
    async def rest():
        await client.search("parent"); await client.aclose()
    asyncio.run(rest())
    """
    run(FORKED_IN_C + textwrap.dedent(program), server.base_url)
    assert len(server.requests) == 3


@pytest.mark.parametrize("stream", ["0<&-", "1>&-", "2>&-"])
def test_a_closed_standard_stream(server: FaultServer, stream):
    """Libuv aborts a process that hands it a descriptor below 3."""
    code = "import lightfast\nwith lightfast.Lightfast() as client: client.search('q')"
    environ = os.environ | {"LIGHTFAST_API_KEY": KEY, "LIGHTFAST_BASE_URL": server.base_url}
    command = ["sh", "-c", f'exec "$0" -c "$1" {stream}', sys.executable, code]
    assert subprocess.run(command, env=environ, timeout=PATIENCE).returncode == 0


def test_under_trio_it_says_what_to_do(run):
    """A coroutine that another library runs is told that it needs asyncio."""
    program = """
    def drive(coroutine):  # as trio does: without a running event loop of asyncio's
        try: coroutine.send(None)
        except LightfastError as error: print(type(error).__name__, error)
    client = AsyncLightfast()
    drive(client.search("q")); drive(client.aclose())
    """
    said = run(program, "http://127.0.0.1:9").stdout.splitlines()
    assert len(said) == 2
    assert all("needs asyncio" in line and "trio.to_thread" in line for line in said)


def test_what_a_failing_call_needs_is_there_before_it_fails(server: FaultServer, run):
    """Nothing is imported at the moment of failure, when files may be gone or descriptors spent."""
    program = """
    with Lightfast() as good: good.search("q")
    class Gone:
        def find_spec(self, name, path=None, target=None):
            raise ModuleNotFoundError(name)
    sys.meta_path.insert(0, Gone())
    with Lightfast(base_url="http://127.0.0.1:9/x", retries=RetryPolicy(base_delay=0)) as bad:
        try: bad.search("q")
        except LightfastError as error: print(type(error).__name__, error.attempts)
    """
    assert run(program, server.base_url).stdout.split() == ["NetworkError", "3"]
