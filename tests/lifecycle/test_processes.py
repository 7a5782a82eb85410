"""Fresh interpreters: fork, signals, exit, and clients that nobody closed."""

from __future__ import annotations

import sys

import pytest

from tests.faults.checks import shows_secret
from tests.faults.plays import hang, healthy, reply
from tests.faults.server import FaultServer, Play, Wire

needs_fork = pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no fork here")

FORKED = """
import select
def in_child(work):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Python 3.12: fork in a process with threads
        child = os.fork()
    if child == 0:
        try:
            work(); os._exit(0)
        except BaseException:
            import traceback; traceback.print_exc(); os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
"""


@needs_fork
def test_fork_before_use(server: FaultServer, run):
    """Made before the fork and used after it, on both sides."""
    run(
        FORKED
        + """
client = Lightfast()
in_child(lambda: client.search("child") and client.close())
client.search("parent"); client.close()
""",
        server.base_url,
    )
    assert len(server.requests) == 2


@needs_fork
def test_fork_after_use(server: FaultServer, run):
    """The child gets connections of its own; the parent's stay whole."""
    run(
        FORKED
        + """
client = Lightfast()
client.search("parent")
in_child(lambda: [client.search("child") for _ in range(3)] and client.close())
for _ in range(3): client.search("parent")
client.close()
""",
        server.base_url,
    )
    assert len(server.requests) == 7
    assert server.connections == 2


@needs_fork
def test_fork_during_use(stage, run):
    """Forked while another thread's call is under way: both sides go on."""

    async def slow(wire) -> bool:
        await __import__("asyncio").sleep(0.3)
        return await healthy(wire)

    with stage.serve(FaultServer(slow)) as server:
        run(
            FORKED
            + """
client = Lightfast()
client.search("warm")
found = []
thread = threading.Thread(target=lambda: found.append(client.search("during")))
thread.start(); time.sleep(0.1)
in_child(lambda: client.search("child") and client.close())
thread.join(); assert len(found) == 1
client.search("after"); client.close()
""",
            server.base_url,
        )


@needs_fork
def test_fork_with_the_asynchronous_face(server: FaultServer, run):
    """An AsyncLightfast used before the fork is used again in the child's own loop."""
    run(
        FORKED
        + """
client = AsyncLightfast()
asyncio.run(client.search("parent"))
def child():
    async def work():
        await client.search("child"); await client.aclose()
    asyncio.run(work())
in_child(child)
async def rest():
    await client.search("parent"); await client.aclose()
asyncio.run(rest())
""",
        server.base_url,
    )
    assert len(server.requests) == 3


def test_not_closed_says_where_it_was_made(server: FaultServer, run):
    """A client that nobody closed is a ResourceWarning that names file and line."""
    done = run(
        """
warnings.simplefilter("always")
def work():
    client = Lightfast()
    client.search("q")
work(); gc.collect()
""",
        server.base_url,
        silent=False,
    )
    assert done.stderr.count("ResourceWarning: A lightfast client was not closed") == 1
    assert "<string>:" in done.stderr
    assert not shows_secret(done.stderr)


@pytest.mark.parametrize("name", ["Lightfast", "AsyncLightfast"])
def test_collected_unused_is_silent(run, name):
    """A client that was never used holds nothing, and says nothing."""
    run(f"client = {name}(); del client; gc.collect()", "http://127.0.0.1:1")


def test_used_at_exit(server: FaultServer, run):
    """An atexit handler may search: it is answered, or told in one of our errors."""
    done = run(
        """
client = Lightfast()
client.search("q")
def last():
    try: print("value", len(client.search("last")))
    except LightfastError as error: print(type(error).__name__)
    client.close()
atexit.register(last)
""",
        server.base_url,
    )
    assert done.stdout.strip() in {"value 2", "UsageError"}


def test_first_used_at_exit(server: FaultServer, run):
    """A client whose first call comes at exit is answered, or told."""
    done = run(
        """
client = Lightfast()
@atexit.register
def last():
    try: print("value", len(client.search("last")))
    except LightfastError as error: print(type(error).__name__)
    client.close()
""",
        server.base_url,
    )
    assert done.stdout.strip() in {"value 2", "UsageError"}


@pytest.mark.parametrize("play", [healthy, hang], ids=["answering", "hanging"])
def test_daemon_threads_at_exit(stage, run, play):
    """Threads that search while the process ends keep it neither alive nor make it talk."""
    with stage.serve(FaultServer(play)) as server:
        run(
            """
warnings.simplefilter("ignore")
client = Lightfast()
def forever():
    while True:
        try: client.search("q")
        except LightfastError: time.sleep(0.01)
for _ in range(5): threading.Thread(target=forever, daemon=True).start()
time.sleep(0.3)
""",
            server.base_url,
        )


def test_a_daemon_threads_call_at_exit_raises_nothing(stage, run):
    """An error that the thread does not catch would be printed."""
    with stage.serve(FaultServer(hang)) as server:
        run(
            """
warnings.simplefilter("ignore")
client = Lightfast()
for _ in range(5): threading.Thread(target=client.search, args=("q",), daemon=True).start()
time.sleep(0.3)
""",
            server.base_url,
        )


def stuck(play: Play) -> Play:
    """Plays to the query that will be interrupted; answers all others."""

    async def choose(wire: Wire) -> bool | None:
        return await (play if b"stuck" in wire.request.body else healthy)(wire)

    return choose


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to oneself there")
@pytest.mark.parametrize("delay", [0.1, 1.0], ids=["early", "late"])
@pytest.mark.parametrize(
    ("play", "options"),
    [(hang, ""), (reply(b"", 503), "retries=RetryPolicy(base_delay=50, max_delay=50)")],
    ids=["in a request", "in a back-off"],
)
def test_ctrl_c(stage, run, play, options, delay):
    """Ctrl-C comes through at once as KeyboardInterrupt, and the client goes on."""
    with stage.serve(FaultServer(stuck(play))) as server:
        done = run(
            f"""
client = Lightfast(timeout=None, attempt_timeout=None, {options})
try:
    threading.Timer({delay}, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    client.search("stuck"); print("no interrupt")
except KeyboardInterrupt:
    print("interrupted")
print(len(client.search("again")))
client.close()
""",
            server.base_url,
        )
    assert done.stdout.split() == ["interrupted", "2"]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to oneself there")
def test_ctrl_c_in_an_event_loop(stage, run):
    """Ctrl-C in asyncio.run() ends it, silently but for itself."""
    with stage.serve(FaultServer(hang)) as server:
        done = run(
            """
async def main():
    async with AsyncLightfast() as client:
        threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        await client.search("q")
try: asyncio.run(main())
except KeyboardInterrupt: print("interrupted")
""",
            server.base_url,
        )
    assert done.stdout.split() == ["interrupted"]


HANGING_NAMES = """
import socket
socket.getaddrinfo = lambda *args, **options: time.sleep(600)
began = time.monotonic()
"""
HANGING_CALLS = {
    "blocking": """
with Lightfast(retries=0) as client:
    try: client.search('q', timeout=0.3)
    except TimeoutError: print('late')
""",
    "async": """
async def main():
    async with AsyncLightfast(retries=0) as client:
        try: await client.search('q', timeout=0.3)
        except TimeoutError: print('late')
asyncio.run(main())
""",
}


@pytest.mark.parametrize("call", HANGING_CALLS)
def test_a_name_that_never_resolves(run, call):
    """Name resolution that hangs costs the timeout, and does not keep the process alive."""
    program = HANGING_NAMES + HANGING_CALLS[call] + "assert time.monotonic() - began < 60"
    assert run(program, "https://api.example.test").stdout.split() == ["late"]


@pytest.mark.parametrize("error", ["socket.gaierror(-3, 'again')", "OSError('no')", "UnicodeError('x')", "ValueError('x')", "OverflowError('x')"])  # fmt: skip
def test_a_name_that_cannot_be_resolved(run, error):
    """Whatever the resolver raises is a NetworkError of ours."""
    done = run(
        f"""
import socket
def fail(*args, **options): raise {error}
socket.getaddrinfo = fail
with Lightfast(retries=0) as client:
    try: client.search("q")
    except LightfastError as error: print(type(error).__name__, error.__cause__, error.__context__)
""",
        "https://api.example.test",
    )
    assert done.stdout.split() == ["NetworkError", "None", "None"]
