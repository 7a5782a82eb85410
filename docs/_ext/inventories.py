"""Links to other projects' documentation, without asking the network for their inventories.

``docs/_inventories/NAME.txt`` lists what is referred to; here it becomes an inventory that
`sphinx.ext.intersphinx` reads.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

HERE = Path(__file__).parent.parent / "_inventories"
SITES = {"python": "https://docs.python.org/3"}
# https://sphobjinv.readthedocs.io/en/stable/syntax.html
_HEADER = """# Sphinx inventory version 2
# Project: {name}
# Version:
# The remainder of this file is compressed using zlib.
"""


def write_inventories(app: Sphinx, config: Config) -> None:
    """Write one inventory for each list, and tell intersphinx where they are."""
    folder = Path(app.doctreedir)
    folder.mkdir(parents=True, exist_ok=True)
    for name, site in SITES.items():
        lines = (HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines(keepends=True)
        listed = "".join(line for line in lines if not line.startswith("#"))
        path = folder / f"{name}.inv"
        path.write_bytes(_HEADER.format(name=name).encode() + zlib.compress(listed.encode()))
        config.intersphinx_mapping[name] = (site, str(path))


def setup(app: Sphinx) -> dict[str, bool]:
    """Write them before intersphinx reads its configuration."""
    app.connect("config-inited", write_inventories, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
