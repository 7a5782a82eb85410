"""Import of onnxruntime without its telemetry.

Its wheels for Linux write a device id below the user's cache and report to their maker as soon as they are imported,
unless this variable is set by then: https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
"""

from __future__ import annotations

import os
from typing import Any

__all__ = ["import_onnxruntime"]


def import_onnxruntime() -> Any:
    """Import onnxruntime with telemetry off; nothing here imports it in another way."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # 70 ms, and only where something is embedded

    onnxruntime.disable_telemetry_events()
    return onnxruntime
