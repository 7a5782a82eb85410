"""Embedding model behind an OpenAI-compatible endpoint: ``POST {base}/embeddings``.

Ollama, vLLM, llama.cpp, text-embeddings-inference and others answer it; its form:
https://platform.openai.com/docs/api-reference/embeddings/create. The texts of documents go to that address, so it is
used only when it was named.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from lightfast._loopback import is_loopback
from lightfast.emulator.embedding.vectors import unit_rows
from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from email.message import Message
    from typing import IO

    from numpy.typing import NDArray

    from lightfast.emulator.embedding.base import Vectors

__all__ = ["EndpointEmbedder"]

TIMEOUT = (
    60.0  # seconds for an answer, attempts included: a model that is loaded first takes its time
)
ATTEMPTS = 3
MAX_ANSWER = 64 << 20  # bytes
MAX_DIMENSION = 1 << 16
MAX_ERROR = 4096  # bytes of an error's body that are read
_QUOTED = 200  # characters of it that are shown
_VISIBLE = re.compile(r"[!-~]+")
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
        self._api_key = _usable_key(api_key)
        if self._api_key:
            self._headers["Authorization"] = f"Bearer {self._api_key}"
        self._sleep = sleep
        proxies: dict[str, str] | None = (
            {} if is_loopback(urlsplit(self._url).hostname) else None
        )  # None: those of the environment
        self._opener = urllib.request.build_opener(
            _NoRedirects, urllib.request.ProxyHandler(proxies)
        )
        self.dimension = self._vectors(["dimension"]).shape[1]
        self.name = f"{base_url.rstrip('/')}#{model}-{self.dimension}"

    def __repr__(self) -> str:
        """Show the address and the model, and not the key."""
        return f"EndpointEmbedder({self._url!r}, model={self._model!r})"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row of length 1 for each text.

        Raises:
            EmulatorError: The endpoint does not answer as it should.
        """
        rows = self._vectors(texts)
        if rows.shape[1] != self.dimension:
            raise self._error(f"answers with vectors of another dimension than {self.dimension}")
        return unit_rows(rows)

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float64]:
        body = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        answer = self._answer(json.dumps(body).encode())
        try:
            found = {entry["index"]: entry["embedding"] for entry in answer["data"]}
        except (KeyError, TypeError):
            raise self._error("does not answer with a list of vectors") from None
        if found.keys() != set(range(len(texts))):
            raise self._error(f"does not answer with one vector for each of {len(texts)} texts")
        try:
            rows = np.array([found[place] for place in range(len(texts))], np.float64)
        except (TypeError, ValueError, OverflowError):
            raise self._error("answers with something else than vectors of one dimension") from None
        if rows.ndim != 2 or not 0 < rows.shape[1] <= MAX_DIMENSION or not np.isfinite(rows).all():
            raise self._error("answers with something else than vectors of finite numbers")
        return rows

    def _answer(self, body: bytes) -> Any:
        """Post on a thread that is left alone when time is up: a timeout of a socket starts again with every byte."""
        answers: Future[Any] = Future()

        def post() -> None:
            try:
                answers.set_result(self._post(body))
            except BaseException as error:  # noqa: BLE001 - raised by who waits
                answers.set_exception(error)

        threading.Thread(target=post, name="lightfast-emulator-endpoint", daemon=True).start()
        try:
            return answers.result(TIMEOUT)
        except TimeoutError:
            raise self._error(f"has not answered within {TIMEOUT:g} s") from None

    def _post(self, body: bytes) -> Any:
        request = urllib.request.Request(self._url, body, self._headers)  # noqa: S310 - http and https only
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._opener.open(request, timeout=TIMEOUT) as response:
                    return self._json(response)
            except urllib.error.HTTPError as error:
                if error.code not in _TRANSIENT or attempt == ATTEMPTS:
                    raise self._error(f"answers {error.code}: {self._excerpt(error)!r}") from None
                error.close()
            except OSError as error:
                if attempt == ATTEMPTS:
                    reason = getattr(error, "reason", error)
                    raise self._error(f"cannot be reached: {reason}") from None
            except http.client.HTTPException:
                raise self._error("does not answer in HTTP") from None
            except UnicodeError:  # of Python's codec for names of hosts
                raise self._error("cannot be reached: no host has such a name") from None
            self._sleep(2.0 ** (attempt - 1))
        raise AssertionError  # the last attempt returns or raises

    def _excerpt(self, error: urllib.error.HTTPError) -> str:
        """Return the beginning of an error's body; some servers repeat the key in it."""
        try:
            with error:
                excerpt = error.read(MAX_ERROR).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            return ""
        return (excerpt.replace(self._api_key, "…") if self._api_key else excerpt)[:_QUOTED]

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


def _usable_key(api_key: str | None) -> str | None:
    if api_key and not _VISIBLE.fullmatch(api_key):
        raise EmulatorError(
            "The embedding endpoint's key holds a blank, a line end or another character that no header may have."
        )
    return api_key


def _usable(base_url: str) -> str:
    address = base_url.rstrip("/")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not _VISIBLE.fullmatch(address):
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
