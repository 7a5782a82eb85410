"""`search_file`: every row of the input becomes one row of the output."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightfast import (
    AuthenticationError,
    ConfigurationError,
    Lightfast,
    RetryPolicy,
    SearchFilters,
    SearchRequest,
)
from lightfast.batch import search_file
from lightfast.batch.output import Done
from lightfast.emulator import Emulator, faults
from tests.conftest import KEY
from tests.servers import answer, contract, error, page

QUICK = RetryPolicy(retries=1, base_delay=0.001, max_delay=0.002)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    memory = tmp_path_factory.mktemp("memory") / "memory.jsonl"
    lines = (f'{{"title": "login bug {n}", "source": "linear"}}\n' for n in range(20))
    memory.write_text("".join(lines))
    with Emulator([memory]) as emulator:
        yield emulator


@pytest.fixture
def client(emulator: Emulator) -> Iterator[Lightfast]:
    with Lightfast(
        emulator.create_api_key("batch"), base_url=emulator.base_url, retries=QUICK
    ) as client:
        yield client


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def read_csv(path: Path) -> list[dict]:
    return list(csv.DictReader(io.StringIO(path.read_text())))


def rows_of(path: Path) -> list[int]:
    rows = read_csv(path) if path.suffix == ".csv" else read(path)
    return [int(row["row"]) for row in rows]


# --- rows in ----------------------------------------------------------------------------------


def test_json_lines_in_and_out(client, tmp_path):
    """Texts and objects are searched for; other columns are copied as they came."""
    (tmp_path / "in.jsonl").write_text(
        '"login bug"\n\n{"query": "login", "limit": 2, "id": 12345678901234567890, "x": {"y": 1.10}}\n'
    )
    summary = search_file(client, tmp_path / "in.jsonl", tmp_path / "out.jsonl", ordered=True)
    assert (summary.answered, summary.failed, summary.rows) == (2, 0, 2)
    first, second = read(tmp_path / "out.jsonl")
    assert (first["row"], first["input"], len(first["results"])) == (0, "login bug", 10)
    assert (second["row"], len(second["results"]), second["total"]) == (1, 2, 20)
    assert '"id": 12345678901234567890, "x": {"y": 1.10}' in (tmp_path / "out.jsonl").read_text()


def test_csv_in_and_out(client, tmp_path):
    """All columns are copied; the best result and the counts stand behind them."""
    (tmp_path / "in.csv").write_text('id,query,note\n7,login bug 3,"a\nb, ""c"""\n', "utf-8-sig")
    search_file(client, tmp_path / "in.csv", tmp_path / "out.csv")
    (row,) = read_csv(tmp_path / "out.csv")
    assert (row["id"], row["query"], row["note"]) == ("7", "login bug 3", 'a\nb, "c"')
    assert (row["row"], row["result_title"], row["result_total"]) == ("0", "login bug 3", "20")


def test_the_other_formats(client, tmp_path):
    (tmp_path / "in.csv").write_text("query,id\nlogin,7\n", "utf-16")  # as Excel saves it
    search_file(client, tmp_path / "in.csv", tmp_path / "out.jsonl")
    assert read(tmp_path / "out.jsonl")[0]["input"] == {"query": "login", "id": "7"}
    (tmp_path / "in.jsonl").write_text('{"query": "login", "id": 7}\n')
    search_file(client, tmp_path / "in.jsonl", tmp_path / "out.csv")
    assert json.loads(read_csv(tmp_path / "out.csv")[0]["input"]) == {"query": "login", "id": 7}


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_each_row_s_options_take_precedence_over_the_defaults(serve, tmp_path, kind):
    server = serve(page("a"))
    row = {"query": "x", "limit": 3, "offset": 5, "mode": "fast", "sources": ["a", "b"],
           "types": ["issue"], "actor_names": ["@ada"], "since": "2026-01-01",
           "until": "2026-01-31"}  # fmt: skip
    if kind == "csv":
        row |= {"sources": "a, b", "types": "issue", "actor_names": "@ada"}
        text = f"{','.join(row)}\n" + ",".join(f'"{value}"' for value in row.values())
    else:
        text = json.dumps(row)
    source = tmp_path / f"in.{kind}"
    source.write_text(text)
    defaults = SearchRequest("any", limit=9, filters=SearchFilters(sources=["z"]))
    with Lightfast(KEY, base_url=server.base_url) as client:
        search_file(client, source, tmp_path / "out.jsonl", defaults=defaults)
    sent = server.requests[0][1]
    assert (sent["query"], sent["limit"], sent["offset"], sent["mode"]) == ("x", 3, 5, "fast")
    assert sent["filters"]["sources"] == ["a", "b"]
    assert sent["filters"]["observationTypes"] == ["issue"]
    assert sent["filters"]["actorNames"] == ["@ada"]
    assert sent["filters"]["dateRange"]["start"] == "2026-01-01T00:00:00Z"
    assert sent["filters"]["dateRange"]["end"].startswith("2026-01-31T23:59:59")


def test_a_row_without_options_has_the_defaults(serve, tmp_path):
    server = serve(page("a"))
    (tmp_path / "in.csv").write_text("query,limit\nx,\n")
    defaults = SearchRequest("any", limit=9, filters=SearchFilters(sources=["z"]))
    with Lightfast(KEY, base_url=server.base_url) as client:
        search_file(client, tmp_path / "in.csv", tmp_path / "out.jsonl", defaults=defaults)
    assert server.requests[0][1]["limit"] == 9
    assert server.requests[0][1]["filters"]["sources"] == ["z"]


# --- rows that fail ---------------------------------------------------------------------------

BAD = [
    ("not json", "not JSON"),
    ("NaN", "NaN is not JSON"),
    (json.dumps({"query": "x" * 3_000_000}), "The line is longer than 1,048,576 characters."),
    ("[" * 100_000, "not JSON"),
    ("5", "neither"),
    ("{}", "no `query`"),
    ('{"query": ""}', "no `query`"),
    ('{"query": 5}', "no `query`"),
    ('{"query": "x", "limit": "many"}', "`limit` must be an integer"),
    ('{"query": "x", "limit": 101}', "`limit`"),
    ('{"query": "x", "mode": "psychic"}', "`mode`"),
    ('{"query": "x", "since": "yesterday"}', "yesterday"),
    ('{"query": "x", "sources": [1]}', "filter"),
    ('{"query": "\\ud800"}', ""),
]


def test_a_row_that_cannot_be_searched_for_fails_by_itself(client, tmp_path):
    lines = [line for line, _ in BAD]
    (tmp_path / "in.jsonl").write_text("\n".join(['"login"', *lines, '"bug"']))
    summary = search_file(client, tmp_path / "in.jsonl", tmp_path / "out.jsonl", ordered=True)
    assert (summary.answered, summary.failed) == (2, len(BAD))
    first, *failed, last = read(tmp_path / "out.jsonl")
    assert first["results"]
    assert last["results"]
    for (_, said), row in zip(BAD, failed, strict=True):
        assert said in row["error"]["message"]
        assert row["error"]["attempts"] == 0


def test_a_failed_search_is_a_row_with_its_code_and_attempts(serve, tmp_path):
    server = serve(error(503, "UNAVAILABLE"), error(503, "UNAVAILABLE"), page("a"))
    (tmp_path / "in.jsonl").write_text('"a"\n"b"\n')
    with Lightfast(KEY, base_url=server.base_url, retries=QUICK) as client:
        for name in ("out.jsonl", "out.csv"):
            source = tmp_path / "in.jsonl"
            summary = search_file(client, source, tmp_path / name, concurrency=1)
            if name == "out.jsonl":
                assert (summary.answered, summary.failed) == (1, 1)
    failed, answered = read(tmp_path / "out.jsonl")
    assert failed["error"]["type"] == "ServerError"
    assert (failed["error"]["code"], failed["error"]["status"]) == ("UNAVAILABLE", 503)
    assert failed["error"]["attempts"] == 2
    assert answered["results"][0]["id"] == "a"


def test_an_error_in_csv_has_columns_of_its_own(serve, tmp_path):
    server = serve(error(400, "VALIDATION_ERROR"))
    (tmp_path / "in.csv").write_text("query\nx\n")
    with Lightfast(KEY, base_url=server.base_url) as client:
        search_file(client, tmp_path / "in.csv", tmp_path / "out.csv")
    (row,) = read_csv(tmp_path / "out.csv")
    assert (row["error_type"], row["error_code"]) == ("ValidationError", "VALIDATION_ERROR")
    assert (row["attempts"], row["result_title"]) == ("1", "")


def test_a_refused_key_ends_the_batch_and_its_rows_stay_to_be_done(serve, tmp_path):
    server = serve(page("a"), page("b"), *[error(401, "UNAUTHORIZED")] * 50)
    source = tmp_path / "in.jsonl"
    source.write_text("".join(f'"{n}"\n' for n in range(100)))
    with Lightfast(KEY, base_url=server.base_url) as client, pytest.raises(AuthenticationError):
        search_file(client, source, tmp_path / "out.jsonl", concurrency=2)
    assert len(read(tmp_path / "out.jsonl")) == 2
    assert len(server.requests) < 20


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("question\nx\n", "no column `query`"),
        ("", "no column `query`"),
        ('query\n"x\n', "CSV input"),
        ("query,row\nx,1\n", "two columns 'row'"),
        ("query,query\nx,1\n", "two columns 'query'"),
        ("query\n" + "x" * 2_000_000, "longer than"),
    ],
)
def test_a_csv_file_that_makes_no_sense_is_refused(client, tmp_path, text, said):
    (tmp_path / "in.csv").write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        search_file(client, tmp_path / "in.csv", tmp_path / "out.csv")


def test_a_column_that_is_there_twice_is_refused_whatever_the_output_is(client, tmp_path):
    (tmp_path / "in.csv").write_text("query,a,a\nlogin,1,2\n")
    with pytest.raises(ConfigurationError, match="two columns 'a'"):
        search_file(client, tmp_path / "in.csv", tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


def test_a_csv_row_with_too_many_columns_fails_by_itself(client, tmp_path):
    (tmp_path / "in.csv").write_text("query,id\nlogin\nlogin,1,2\nlogin,3\n")
    search_file(client, tmp_path / "in.csv", tmp_path / "out.jsonl", ordered=True)
    short, long, good = read(tmp_path / "out.jsonl")
    assert "1 columns, not 2" in short["error"]["message"]
    assert "3 columns, not 2" in long["error"]["message"]
    assert good["results"]


# --- the output -------------------------------------------------------------------------------


def test_nothing_that_exists_is_overwritten_unasked(client, tmp_path):
    (tmp_path / "in.jsonl").write_text('"login"\n')
    (tmp_path / "out.jsonl").write_text("precious")
    for options in ({}, {"resume": True}):
        with pytest.raises(ConfigurationError, match=r"exists|not written by a batch"):
            search_file(client, tmp_path / "in.jsonl", tmp_path / "out.jsonl", **options)
        assert (tmp_path / "out.jsonl").read_text() == "precious"
    search_file(client, tmp_path / "in.jsonl", tmp_path / "out.jsonl", overwrite=True)
    assert rows_of(tmp_path / "out.jsonl") == [0]


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
@pytest.mark.parametrize(
    "text",
    ["a", "a\n", "que", '{"a": 1}\n', "query,other\n", '{"row": "x"}\n', '{"row": 1}\n', "\0\0"],
)
def test_a_file_of_somebody_else_s_is_never_continued(client, tmp_path, name, text):
    (tmp_path / "in.jsonl").write_text('"login"\n')
    (tmp_path / name).write_text(text)
    if name == "out.csv" and text == "que":  # as far as one can see, our own first line
        return
    with pytest.raises(ConfigurationError, match="not written by a batch"):
        search_file(client, tmp_path / "in.jsonl", tmp_path / name, resume=True)
    assert (tmp_path / name).read_text() == text


def test_the_input_is_not_an_output(client, tmp_path):
    (tmp_path / "in.jsonl").write_text('"login"\n')
    with pytest.raises(ConfigurationError, match="another file"):
        search_file(client, tmp_path / "in.jsonl", tmp_path / "in.jsonl", overwrite=True)
    assert (tmp_path / "in.jsonl").read_text() == '"login"\n'


def test_two_processes_do_not_write_one_file(client, tmp_path):
    fcntl = pytest.importorskip("fcntl")
    (tmp_path / "in.jsonl").write_text('"login"\n')
    with (tmp_path / "out.jsonl").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(ConfigurationError, match="Another process"):
            search_file(client, tmp_path / "in.jsonl", tmp_path / "out.jsonl", resume=True)


def test_what_the_disk_does_not_take_ends_the_batch_with_a_word(serve, tmp_path):
    """A limit on the size of files stands for a full disk; what was written before stays."""
    resource = pytest.importorskip("resource")
    server = serve(page("a"), page("b"), page("c"))
    (tmp_path / "in.jsonl").write_text('"a"\n"b"\n"c"\n')
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with Lightfast(KEY, base_url=server.base_url) as client:
            resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
            with pytest.raises(ConfigurationError, match=r"Cannot write .*: File too large"):
                search_file(client, tmp_path / "in.jsonl", tmp_path / "out.jsonl", concurrency=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    with Lightfast(KEY, base_url=server.base_url) as client:
        search_file(client, tmp_path / "in.jsonl", tmp_path / "out.jsonl", resume=True)
    assert sorted(rows_of(tmp_path / "out.jsonl")) == [0, 1, 2]


@pytest.mark.parametrize("name", ["nowhere/out.jsonl", "in.jsonl/out.jsonl"])
def test_a_file_that_cannot_be_made_is_said(client, tmp_path, name):
    (tmp_path / "in.jsonl").write_text('"a"\n')
    with pytest.raises(ConfigurationError, match="Cannot write"):
        search_file(client, tmp_path / "in.jsonl", tmp_path / name)


def test_no_control_character_of_a_result_stands_in_the_output(serve, tmp_path):
    unsafe = "\x1b[2J\x7f\x9b\u202e\u2066"
    document = contract("response_documented.json")
    document["data"][0] |= {"title": f"t{unsafe}", "snippet": unsafe}
    server = serve(answer(document))
    (tmp_path / "in.jsonl").write_text('"x"\n')
    with Lightfast(KEY, base_url=server.base_url) as client:
        for name in ("out.jsonl", "out.csv"):
            search_file(client, tmp_path / "in.jsonl", tmp_path / name)
            text = (tmp_path / name).read_text()
            assert not set(unsafe) - set("[2J") & set(text)
    assert read(tmp_path / "out.jsonl")[0]["results"][0]["title"] == f"t{unsafe}"


# --- resuming ---------------------------------------------------------------------------------


def test_a_complete_output_is_left_as_it_is(client, emulator, tmp_path):
    (tmp_path / "in.jsonl").write_text('"a"\nbad\n"b"\n')
    search_file(client, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    before = (tmp_path / "out.jsonl").read_bytes()
    sent = len(emulator.requests)
    summary = search_file(client, tmp_path / "in.jsonl", tmp_path / "out.jsonl", resume=True)
    assert (summary.answered, summary.failed, summary.resumed) == (0, 0, 3)
    assert (tmp_path / "out.jsonl").read_bytes() == before
    assert len(emulator.requests) == sent


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_rows_that_failed_are_searched_for_again_on_request(client, emulator, tmp_path, name):
    """Rows already answered stay as they are; each row is there once in the end."""
    source, target = tmp_path / "in.csv", tmp_path / name
    source.write_text("query,limit\nlogin,\nbug,\nlogin bug,many\n")
    emulator.script(faults.internal_error() * 2)
    options = {"ordered": True, "concurrency": 1}
    assert search_file(client, source, target, **options).failed == 2
    target.chmod(0o640)
    kept = target.read_bytes()
    answered = [line for line in kept.splitlines() if b"login bug" in line and b"many" not in line]
    summary = search_file(client, source, target, resume=True, **options)
    assert (summary.resumed, target.read_bytes()) == (3, kept)
    target.write_bytes(kept + b'{"row": 3, ')  # and killed within a row
    summary = search_file(client, source, target, retry_failed=True, **options)
    assert (summary.answered, summary.failed, summary.resumed) == (1, 1, 1)
    assert sorted(rows_of(target)) == [0, 1, 2]
    assert all(line in target.read_bytes().splitlines() for line in answered)
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv", name}


def test_a_file_of_somebody_else_s_is_not_searched_for_failed_rows(client, tmp_path):
    (tmp_path / "in.jsonl").write_text('"login"\n')
    (tmp_path / "out.jsonl").write_text("precious")
    with pytest.raises(ConfigurationError, match="not written by a batch"):
        search_file(client, tmp_path / "in.jsonl", tmp_path / "out.jsonl", retry_failed=True)
    assert (tmp_path / "out.jsonl").read_text() == "precious"
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "out.jsonl"}


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_an_output_cut_anywhere_is_completed(client, tmp_path, name):
    """However many bytes reached the disk, each row is there once in the end."""
    source, target = tmp_path / "in.csv", tmp_path / name
    source.write_text('query,note\nlogin,"a\nb"\nbug,"c ""d"""\nlogin bug,\n')
    defaults = SearchRequest("any", limit=1)
    search_file(client, source, target, ordered=True, defaults=defaults)
    whole = target.read_bytes()
    ends = [place for place, byte in enumerate(whole) if byte in b'\n"{']
    for length in sorted({*range(40), *range(0, len(whole), 29), *ends[::3], *ends[-4:]}):
        target.write_bytes(whole[:length])
        search_file(client, source, target, resume=True, ordered=True, defaults=defaults)
        assert sorted(rows_of(target)) == [0, 1, 2], length


def test_what_a_lost_power_supply_leaves_at_the_end_is_dropped(client, tmp_path):
    (tmp_path / "in.jsonl").write_text('"a"\n"b"\n')
    search_file(client, tmp_path / "in.jsonl", tmp_path / "out.jsonl", ordered=True)
    whole = (tmp_path / "out.jsonl").read_bytes()
    first = whole[: whole.index(b"\n") + 1]
    (tmp_path / "out.jsonl").write_bytes(first + b"\0" * 4096)
    search_file(client, tmp_path / "in.jsonl", tmp_path / "out.jsonl", resume=True)
    assert rows_of(tmp_path / "out.jsonl") == [0, 1]


def test_the_output_of_another_input_is_not_continued(client, tmp_path):
    (tmp_path / "in.jsonl").write_text('"a"\n"b"\n')
    search_file(client, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    (tmp_path / "other.jsonl").write_text('"a"\n"c"\n"d"\n')
    with pytest.raises(ConfigurationError, match="another input"):
        search_file(client, tmp_path / "other.jsonl", tmp_path / "out.jsonl", resume=True)
    (tmp_path / "in.csv").write_text("query\na\n")
    (tmp_path / "out.csv").write_text("query,id,row\na,1,0\n")
    with pytest.raises(ConfigurationError, match="not written by a batch"):
        search_file(client, tmp_path / "in.csv", tmp_path / "out.csv", resume=True)


def test_rows_are_kept_in_a_few_bytes_each():
    done, order = Done(), list(range(10_000))
    random.Random(7).shuffle(order)
    for index in order:
        done.add(index, f"q{index}")
        assert index in done
    assert len(done) == 10_000
    assert 10_000 not in done
    assert len(done._blocks) == 40
    done.add(order[0], "other")
    assert len(done) == 10_000
    assert done.differs(order[0], f"q{order[0]}")
    assert not done.differs(order[1], f"q{order[1]}")


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_a_long_cell_is_copied_and_read_again(client, tmp_path, kind, name):
    long = "x" * 200_000
    source, target = tmp_path / f"in.{kind}", tmp_path / name
    if kind == "csv":
        source.write_text(f"query,text\nlogin,{long}\nbug,\n")
    else:
        source.write_text(f'{{"query": "login", "text": "{long}"}}\n"bug"\n')
    search_file(client, source, target, ordered=True)
    assert long in target.read_text()
    again = search_file(client, source, target, resume=True)
    assert (again.resumed, again.answered) == (2, 0)


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_a_query_that_changed_anywhere_in_the_input_is_noticed(client, tmp_path, name):
    lines = [f'"login {n}"' for n in range(300)]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    search_file(client, tmp_path / "in.jsonl", tmp_path / name)
    lines[3] = '"logout"'
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    with pytest.raises(ConfigurationError, match="query of its row 3 differs"):
        search_file(client, tmp_path / "in.jsonl", tmp_path / name, resume=True)


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_rows_of_any_kind_are_found_again(client, tmp_path, name):
    lines = [line for line, _ in BAD] + ["[1]", "null", '{"query": null}', '{"query": "a\\r\\nb"}',
                                         '{"query": "login \\udc80"}', '{"query": [1]}']  # fmt: skip
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    first = search_file(client, tmp_path / "in.jsonl", tmp_path / name)
    assert first.rows == len(lines)
    again = search_file(client, tmp_path / "in.jsonl", tmp_path / name, resume=True)
    assert again.resumed == len(lines)


KILLED = """
import sys
from lightfast import Lightfast
from lightfast.batch import search_file
with Lightfast(sys.argv[1], base_url=sys.argv[2]) as client:
    search_file(client, sys.argv[3], sys.argv[4], resume=True, concurrency=5)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
@pytest.mark.parametrize("seed", [1])
def test_killed_again_and_again_each_query_is_there_exactly_once(emulator, tmp_path, name, seed):
    """Kill -9 at any moment; the next process goes on from there, in any order of answers."""
    count, chance = 300, random.Random(seed)
    source, target = tmp_path / "in.csv", tmp_path / name
    rows = "".join(f'login {n},"note\n{n}"\n' for n in range(count))
    source.write_text(f"query,note\n{rows}")
    emulator.script(faults.delay(0.01), rate=0.5, seed=seed)
    arguments = [emulator.create_api_key("killed"), emulator.base_url, str(source), str(target)]
    kills, size, row_size = 0, 0, 3000 if name == "out.jsonl" else 90
    while True:
        child = subprocess.Popen([sys.executable, "-c", KILLED, *arguments], stderr=subprocess.PIPE)
        until = size + row_size * chance.randrange(10, 60)
        while child.poll() is None and (not target.exists() or target.stat().st_size < until):
            time.sleep(0.002)
        if child.poll() is not None:
            assert child.returncode == 0, child.stderr.read()
            child.stderr.close()
            break
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stderr.close()
        kills, size = kills + 1, target.stat().st_size
    emulator.script()
    assert kills >= 2
    assert Counter(rows_of(target)) == Counter(range(count))
    queries = [row["query"] for row in read_csv(target)] if name == "out.csv" else [
        row["input"]["query"] for row in read(target)
    ]  # fmt: skip
    assert sorted(queries) == sorted(f"login {n}" for n in range(count))


# --- size and order ---------------------------------------------------------------------------


def test_ordered_rows_come_in_the_order_of_the_input(emulator, client, tmp_path):
    (tmp_path / "in.jsonl").write_text("".join(f'"login {n}"\n' for n in range(60)))
    emulator.script(faults.delay(0.02), rate=0.3, seed=1)
    search_file(client, tmp_path / "in.jsonl", tmp_path / "out.jsonl", ordered=True)
    emulator.script()
    assert rows_of(tmp_path / "out.jsonl") == list(range(60))


def test_stopping_finishes_what_is_under_way(client, tmp_path):
    (tmp_path / "in.jsonl").write_text("".join(f'"login {n}"\n' for n in range(1000)))
    seen = []
    summary = search_file(
        client, tmp_path / "in.jsonl", tmp_path / "out.jsonl",
        on_progress=lambda summary: seen.append(summary.rows),
        should_stop=lambda: len(seen) >= 20,
    )  # fmt: skip
    assert summary.stopped
    rows = rows_of(tmp_path / "out.jsonl")
    assert 20 <= len(rows) < 100
    assert sorted(rows) == list(range(len(rows)))


MEASURED = """
import sys, tracemalloc
from lightfast import Lightfast
from lightfast.batch import search_file

key, url, source, out = sys.argv[1:]
with Lightfast(key, base_url=url) as client:
    tracemalloc.start()
    search_file(client, source, out)
    print(tracemalloc.get_traced_memory()[1])
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_input(serve, tmp_path):
    """Ten times the rows take no more; the texts alone would be 20 MB. In processes without coverage's own memory."""
    server = serve()
    peaks = []
    for count in (1_000, 10_000):
        source, out = tmp_path / f"{count}.csv", tmp_path / f"{count}.jsonl"
        source.write_text("query,filler\n" + f",{'x' * 2000}\n" * count)
        command = [sys.executable, "-c", MEASURED, KEY, server.base_url, source, out]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        assert len(rows_of(out)) == count
        peaks.append(int(done.stdout))
    assert peaks[1] < peaks[0] + 1_000_000
