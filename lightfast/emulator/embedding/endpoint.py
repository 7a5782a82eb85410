"""Embedding model behind an OpenAI-compatible endpoint: ``POST {base}/embeddings``.

Ollama, vLLM, llama.cpp, text-embeddings-inference and others answer it; its form:
https://platform.openai.com/docs/api-reference/embeddings/create. The texts of documents go to that address, so it is
used only when it was named.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from lightfast._loopback import is_loopback
from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from email.message import Message
    from typing import IO

    from lightfast.emulator.embedding.base import Vectors

__all__ = ["EndpointEmbedder"]

TIMEOUT = 60.0  # seconds for one request: a model that is loaded first takes its time
ATTEMPTS = 3
MAX_ANSWER = 64 << 20  # bytes
MAX_DIMENSION = 1 << 16
_TRANSIENT = {429, 500, 502, 503, 504}


class EndpointEmbedder:
    """Embedder that asks an endpoint. It asks once when it is made, to learn the dimension.

    Args:
        base_url: The address that ``/embeddings`` is appended to, such as ``http://127.0.0.1:11434/v1``.
        model: The name of the model there.
        api_key: The endpoint's own key, if it needs one. It is never printed.
        sleep: Waits between attempts.

    Raises:
        EmulatorError: The address cannot be used, or the endpoint does not answer as it should.
    """

    def __init__(
        self,
        base_url: str,
        *,
        model: str,
        api_key: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = f"{_usable(base_url)}/embeddings"
        self._model = model
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._sleep = sleep
        proxies: dict[str, str] | None = (
            {} if is_loopback(urlsplit(self._url).hostname) else None
        )  # None: those of the environment
        self._opener = urllib.request.build_opener(
            _NoRedirects, urllib.request.ProxyHandler(proxies)
        )
        self.dimension = len(self._vectors(["dimension"])[0])
        self.name = f"{base_url.rstrip('/')}#{model}-{self.dimension}"

    def __repr__(self) -> str:
        """Show the address and the model, and not the key."""
        return f"EndpointEmbedder({self._url!r}, model={self._model!r})"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row of length 1 for each text.

        Raises:
            EmulatorError: The endpoint does not answer as it should.
        """
        rows = np.array(self._vectors(texts), np.float32)
        if rows.shape != (len(texts), self.dimension):
            raise self._error(f"answers with vectors of another dimension than {self.dimension}")
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        vectors: Vectors = rows / np.maximum(lengths, np.finfo(np.float32).tiny)
        return vectors

    def _vectors(self, texts: Sequence[str]) -> list[list[float]]:
        body = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        answer = self._post(json.dumps(body).encode())
        found: list[list[float] | None] = [None] * len(texts)
        try:
            for entry in answer["data"]:
                found[entry["index"]] = _vector(entry["embedding"])
        except (KeyError, TypeError, IndexError, ValueError):
            raise self._error("gives no list of vectors") from None
        vectors = [vector for vector in found if vector is not None]
        if len(vectors) < len(texts) or len({len(vector) for vector in vectors}) > 1:
            raise self._error("gives fewer vectors than texts, or vectors of several dimensions")
        return vectors

    def _post(self, body: bytes) -> Any:
        request = urllib.request.Request(self._url, body, self._headers)  # noqa: S310 - http and https only
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._opener.open(request, timeout=TIMEOUT) as response:
                    return self._json(response)
            except urllib.error.HTTPError as error:
                with error:
                    excerpt = error.read(200).decode("utf-8", "replace")
                if error.code not in _TRANSIENT or attempt == ATTEMPTS:
                    raise self._error(f"answers {error.code}: {excerpt!r}") from None
            except OSError as error:
                if attempt == ATTEMPTS:
                    reason = getattr(error, "reason", error)
                    raise self._error(f"cannot be reached: {reason}") from None
            self._sleep(2.0 ** (attempt - 1))
        raise AssertionError  # the last attempt returns or raises

    def _json(self, response: IO[bytes]) -> Any:
        content = response.read(MAX_ANSWER + 1)
        if len(content) > MAX_ANSWER:
            raise self._error(f"answers with more than {MAX_ANSWER >> 20} MiB")
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            raise self._error("does not answer in JSON") from None

    def _error(self, what: str) -> EmulatorError:
        return EmulatorError(f"The embedding endpoint {self._url} (model {self._model!r}) {what}.")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Handler that leaves a redirect as the error that it is: the texts and the key would go along."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:  # fmt: skip
        """Follow no redirect."""


def _vector(value: object) -> list[float]:
    """Return a vector of finite numbers.

    Raises:
        ValueError: It is anything else.
    """
    vector = np.array(value, np.float32)
    if vector.ndim != 1 or not 0 < len(vector) <= MAX_DIMENSION or not np.isfinite(vector).all():
        raise ValueError
    return vector.tolist()  # type: ignore[no-any-return]


def _usable(base_url: str) -> str:
    address = base_url.rstrip("/")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"} or parts.query or parts.fragment:
        raise EmulatorError(f"{base_url!r} is not the address of an embedding endpoint.")
    if parts.username or parts.password:
        raise EmulatorError("The address of an embedding endpoint holds no user name or password.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise EmulatorError(
            f"The texts of documents would go to {host} over plain http; use https, or an endpoint"
            " on this machine."
        )
    return address
