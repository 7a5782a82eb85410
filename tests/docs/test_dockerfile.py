"""The Dockerfile's own steps, in a fresh virtual environment instead of an image."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from tests import ROOT

STEPS = dict(
    re.findall(
        r"^(COPY|ENV|HEALTHCHECK CMD|ENTRYPOINT|CMD|RUN python) (.*)$",
        (ROOT / "docs" / "Dockerfile").read_text("utf-8"),
        re.MULTILINE,
    )
)
PATIENCE = 60.0


def test_the_dockerfile_has_the_steps_that_are_tested():
    assert STEPS["COPY"] == ". /src"
    assert STEPS["RUN python"].startswith("-m pip install ")


@pytest.mark.slow
def test_the_dockerfiles_steps_install_and_serve(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    path = f"{tmp_path / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    name, _, value = STEPS["ENV"].partition("=")
    env = {**os.environ, "PATH": path, name: value, "HOME": str(tmp_path)}
    env.pop("PYTHONPATH", None)
    install = f"python {STEPS['RUN python']}".replace("/src", str(ROOT))
    subprocess.run(["sh", "-c", install], check=True, env=env, cwd=tmp_path, timeout=600)
    data = tmp_path / "data"
    data.mkdir()
    (data / "login.md").write_text("# Login\n\nThe session expires after an hour.\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command = [*json.loads(STEPS["ENTRYPOINT"]), "--port", port, str(data)]
    health = json.loads(STEPS["HEALTHCHECK CMD"].replace("8765", port))
    with subprocess.Popen(
        command, env=env, cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as serving:
        try:
            end = time.monotonic() + PATIENCE
            while subprocess.run(health, env=env, stderr=subprocess.DEVNULL).returncode:
                assert time.monotonic() < end
                assert serving.poll() is None
                time.sleep(0.2)
            assert serving.stdout is not None
            key = next(
                line.strip().partition("=")[2] for line in serving.stdout if "API_KEY=" in line
            )
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/api/v1/search",
                json.dumps({"query": "when does the session expire?"}).encode(),
                {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                assert json.load(answer)["data"][0]["title"].startswith("Login")
        finally:
            serving.terminate()
