"""Where a repository is hosted, and what its pages are called there."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

import attrs

__all__ = ["Forge", "forge_of"]

_SCP = re.compile(r"(?:[^@/\s]+@)?([^:/\s]+):(?!//)(.+)")  # git@github.com:owner/name.git
_NAME = re.compile(r"[\w.~+-]+(?:/[\w.~+-]+)+")
_HOST = re.compile(r"[a-z0-9.-]+(?::\d+)?")


@attrs.frozen
class Forge:
    """A hosted repository.

    Args:
        name: Which kind: ``github``, ``gitlab`` or ``bitbucket``.
        base: The address of its front page, without a slash at the end.
    """

    name: str
    base: str

    def commit(self, sha: str) -> str:
        """The page of a commit."""
        path = {"gitlab": "/-/commit/", "bitbucket": "/commits/"}.get(self.name, "/commit/")
        return f"{self.base}{path}{sha}"

    def issue(self, number: str) -> str:
        """The page of an issue; GitHub sends on from there to a pull request of that number."""
        path = "/-/issues/" if self.name == "gitlab" else "/issues/"
        return f"{self.base}{path}{number}"

    def file(self, path: str, anchor: str = "") -> str:
        """The page of a file on the default branch, at a heading where the forge makes anchors."""
        prefix = {"gitlab": "/-/blob/HEAD/", "bitbucket": "/src/HEAD/"}.get(
            self.name, "/blob/HEAD/"
        )
        fragment = f"#{quote(anchor)}" if anchor and self.name != "bitbucket" else ""
        return f"{self.base}{prefix}{quote(path)}{fragment}"

    def line(self, path: str, number: int) -> str:
        """Return the page of a file on the default branch, at a line."""
        mark = f"#lines-{number}" if self.name == "bitbucket" else f"#L{number}"
        return self.file(path) + mark


def forge_of(remote: str) -> Forge | None:
    """The forge that a remote's URL points to; None when it is none we know.

    Credentials in the URL are left out.
    """
    host, path = _host_and_path(remote.strip())
    name = next((n for n in ("github", "gitlab", "bitbucket") if n in host), None)
    path = path.strip("/").removesuffix(".git")
    if name is None or not _NAME.fullmatch(path) or not _HOST.fullmatch(host):
        return None
    return Forge(name, f"https://{host}/{path}")


def _host_and_path(remote: str) -> tuple[str, str]:
    if "://" in remote:
        try:
            parts = urlsplit(remote)
            port = f":{parts.port}" if parts.scheme == "https" and parts.port else ""
        except ValueError:
            return "", ""
        known = parts.scheme in {"http", "https", "ssh", "git", "git+ssh"}
        return ((parts.hostname or "") + port, parts.path) if known else ("", "")
    match = _SCP.fullmatch(remote)
    return (match[1].lower(), match[2]) if match else ("", "")
