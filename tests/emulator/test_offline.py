"""Offline means offline: nothing leaves the machine, no name is asked for, nothing is written elsewhere.

The commands run in a network namespace of their own, whose only way out is a cable with nothing at its end; every packet on
it is counted. https://man7.org/linux/man-pages/man7/network_namespaces.7.html
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .repositories import Repository


def _cannot_isolate() -> str | None:
    if not sys.platform.startswith("linux"):
        return "no Linux"
    if missing := [tool for tool in ("unshare", "ip", "mount") if shutil.which(tool) is None]:
        return f"no {', '.join(missing)}"
    if subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True).returncode:
        return "not allowed to make a network namespace (root is needed)"
    return None


WHY_NOT = _cannot_isolate()
needs_root = pytest.mark.skipif(
    WHY_NOT is not None, reason=f"NOT TESTED THAT IT STAYS OFFLINE: {WHY_NOT}"
)
pytestmark = [needs_root, pytest.mark.slow]

# Every address is at the other end, name servers included; ARP asks for them there.
ISOLATED = """
set -e
echo "nameserver 192.0.2.53" > "$HOME/resolv.conf"
mount --bind "$HOME/resolv.conf" "$(readlink -f /etc/resolv.conf)"
rm "$HOME/resolv.conf"
ip link set lo up
sysctl -qw net.ipv6.conf.default.disable_ipv6=1 net.ipv6.conf.all.disable_ipv6=1 || true
ip link add out type veth peer name other
ip link set other up
ip addr add 192.0.2.2/24 dev out
ip link set out up
ip route add default via 192.0.2.1
exec "$@"
"""

RECORDED = """
import select, socket, subprocess, sys
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3)) as sniffer:
    sniffer.bind(("out", 0))
    code = subprocess.run(sys.argv[1:]).returncode
    count = 0
    while select.select([sniffer], [], [], 0.2)[0]:
        sniffer.recv(65535)
        count += 1
print(f"packets: {count}")
sys.exit(code)
"""


def isolated(home: Path, *command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a namespace; its last line of output counts what left."""
    outside = (*("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "XDG_CACHE_HOME", "LIGHTFAST_EMBEDDER")
    env = {name: value for name, value in os.environ.items() if name.upper() not in outside}
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [
            *("unshare", "--net", "--mount", "sh", "-c", ISOLATED, "sh"),
            *(sys.executable, "-c", RECORDED, *map(str, command)),
        ],
        env=env | {"HOME": str(home), "TMPDIR": str(home / "tmp"), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=900,
    )


def packets(done: subprocess.CompletedProcess[str]) -> int:
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1].removeprefix("packets: "))


def written(home: Path) -> set[str]:
    """Return the folders below a home directory in which files are."""
    return {str(p.parent.relative_to(home)) for p in home.rglob("*") if p.is_file()}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    (home / "tmp").mkdir(parents=True)
    return home


def test_what_leaves_is_counted(home: Path) -> None:
    """A test that sees nothing must be able to see something: a name that is asked for, an address."""
    for ask in (
        "socket.getaddrinfo('example.com', 443)",
        "socket.create_connection(('198.51.100.1', 9), 0.3)",
    ):
        code = f"import contextlib, socket\nwith contextlib.suppress(OSError): {ask}"
        assert packets(isolated(home, sys.executable, "-c", code, cwd=home)) > 0


EMULATOR = """
import sys
from lightfast import Lightfast
from lightfast.emulator import Emulator

with Emulator([sys.argv[1]]) as emulator:
    emulator.embed()
    progress = emulator.embedding_progress
    assert progress is None or progress.embedded == progress.documents > 0
    with Lightfast(emulator.create_api_key(), base_url=emulator.base_url) as client:
        for mode in ("fast", "balanced", "thorough"):
            assert client.search("sign in", mode=mode)[0].title
    from lightfast.emulator.embedding.select import installed_embedder
    assert installed_embedder() is None or progress is not None
"""


def test_the_emulator_with_its_model_stays_offline(repository: Repository, home: Path) -> None:
    """Indexing, embedding and every mode of search; nothing is left in the home directory."""
    repository.commit("Fix the login", {"docs/login.md": "# Login\n\nHow to sign in.\n"})
    done = isolated(home, sys.executable, "-c", EMULATOR, repository.path, cwd=home)
    assert packets(done) == 0
    assert written(home) == set()


def test_a_local_search_stays_offline(repository: Repository, home: Path) -> None:
    """It writes its own folder of the cache directory, and nothing else."""
    repository.commit("Fix the login", {"docs/login.md": "# Login\n\nHow to sign in.\n"})
    command = (sys.executable, "-m", "lightfast", "search", "--local", repository.path, "login")
    done = isolated(home, *command, cwd=home)
    assert packets(done) == 0
    assert "login" in done.stdout.lower()
    assert written(home) == {".cache/lightfast"}


PLUGIN = """
def test_login(lightfast):
    assert lightfast.search("login").results
"""


def test_the_pytest_plugin_stays_offline(home: Path, tmp_path: Path) -> None:
    """With whatever other plugins are installed."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "test_login.py").write_text(PLUGIN)
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_login.py")
    assert packets(isolated(home, *command, cwd=project)) == 0
    assert written(home) == set()
    assert [path.name for path in project.iterdir()] == ["test_login.py"]
