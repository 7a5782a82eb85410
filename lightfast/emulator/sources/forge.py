"""Forges: where a repository is hosted, and what its pages are called there."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, urlsplit

import attrs

__all__ = ["Forge", "forge_of"]

MAX_REMOTE = 1000  # characters of a remote's address
MAX_SSH_CONFIG = 100_000  # bytes

_SCP = re.compile(r"(?:[^@/\s]+@)?([^:/\s]+):(?!//)(.+)")  # git@github.com:owner/name.git
_NAME = re.compile(r"[\w.~+%-]+(?:/[\w.~+%-]+)+")
_HOST = re.compile(r"[a-z0-9.-]+(?::\d+)?")
_WIKI = ".wiki"


@attrs.frozen
class _Pages:
    """Paths of a kind of forge's pages, below a repository's front page."""

    commit: str = "/commit/{}"
    issue: str = "/issues/{}"
    pull: str = "/pulls/{}"
    file: str = "/blob/HEAD/{}"
    line: str = "#L{}"
    anchor: str = "#{}"
    wiki: str = "/wiki/{}"
    tag: str = "/releases/tag/{}"


# Each forge's own documentation of permanent links; HEAD is the default branch on all of them.
_PAGES = {
    "github": _Pages(pull="/pull/{}"),
    "gitlab": _Pages("/-/commit/{}", "/-/issues/{}", "/-/merge_requests/{}", "/-/blob/HEAD/{}", wiki="/-/wikis/{}", tag="/-/tags/{}"),
    "bitbucket": _Pages("/commits/{}", pull="/pull-requests/{}", file="/src/HEAD/{}", line="#lines-{}", anchor="", tag="/src/{}"),
    "gitea": _Pages(file="/src/branch/HEAD/{}"),
    "sourcehut": _Pages(file="/tree/HEAD/item/{}", anchor="", tag="/refs/{}"),
    "azure": _Pages(pull="/pullrequest/{}", file="?path=/{}", line="&line={}", anchor="", tag="?version=GT{}"),
}  # fmt: skip
# What a host's name says; the first that is in it counts.
_KINDS = {
    "github": "github",
    "gitlab": "gitlab",
    "bitbucket": "bitbucket",
    "codeberg": "gitea",
    "gitea": "gitea",
    "forgejo": "gitea",
    "dev.azure.com": "azure",
    "visualstudio.com": "azure",
    "git.sr.ht": "sourcehut",
}
_NAMES = {"dev.azure.com": "azure", "visualstudio.com": "azure", "git.sr.ht": "sourcehut"}
_GITLABS = (
    "salsa.debian.org",
    "invent.kde.org",
    "framagit.org",
    "code.videolan.org",
    "source.puri.sm",
)
# Where a forge answers SSH on the port of HTTPS.
_HOSTS = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
    "ssh.dev.azure.com": "dev.azure.com",
    "vs-ssh.visualstudio.com": "dev.azure.com",
}


@attrs.frozen
class Forge:
    """Hosted repository.

    Args:
        name: What it is called as a source, such as ``github``, ``gitlab`` or ``codeberg``.
        base: The address of its front page, without a slash at the end.
        kind: Whose names for pages it uses; the same as the name when empty.
        is_wiki: Whether its files are the pages of a wiki.
    """

    name: str
    base: str
    kind: str = ""
    is_wiki: bool = False

    @property
    def _pages(self) -> _Pages:
        return _PAGES[self.kind or self.name]

    def commit(self, sha: str) -> str:
        """Return the page of a commit."""
        if self.is_wiki:
            return self.base + self._pages.wiki.format("_history")
        return self.base + self._pages.commit.format(sha)

    def issue(self, number: str) -> str:
        """Return the page of an issue; GitHub redirects from there to a pull request of that number."""
        if self.kind == "azure":
            return f"{self.base.partition('/_git/')[0]}/_workitems/edit/{number}"
        if self.kind == "sourcehut":
            return f"{self.base.replace('git.sr.ht', 'todo.sr.ht', 1)}/{number}"
        return self.base + self._pages.issue.format(number)

    def pull(self, number: str) -> str:
        """Return the page of a pull request."""
        return self.base + self._pages.pull.format(number)

    def tag(self, name: str) -> str:
        """Return the page of a tag."""
        return self.base + self._pages.tag.format(quote(name))

    def file(self, path: str, anchor: str = "") -> str:
        """Return the page of a file on the default branch, at a heading where the forge makes anchors."""
        pages = self._pages
        fragment = pages.anchor.format(quote(anchor)) if anchor else ""
        if self.is_wiki:
            name = path.rpartition("/")[2].rpartition(".")[0]
            return self.base + pages.wiki.format(quote(name)) + fragment
        return self.base + pages.file.format(quote(path)) + fragment

    def line(self, path: str, number: int) -> str:
        """Return the page of a file on the default branch, at a line."""
        return self.file(path) + self._pages.line.format(number)


def forge_of(remote: str) -> Forge | None:
    """Return the forge that a remote's URL points to; None when it is not one we know.

    Credentials in the URL are left out.
    """
    host, path = _host_and_path(remote.strip()[:MAX_REMOTE])
    host = _HOSTS.get(host, host)
    path = path.strip("/").removesuffix(".git")
    found = _kind_of(host)
    if found is None or not _HOST.fullmatch(host) or not _NAME.fullmatch(path):
        return None
    name, kind = found
    if kind == "azure":
        return _azure(host, path)
    if name == "bitbucket" and path.startswith("scm/") and host != "bitbucket.org":
        project, _, repository = path.removeprefix("scm/").partition("/")
        path = f"projects/{project.upper()}/repos/{repository}"
    is_wiki = path.endswith(_WIKI)
    return Forge(name, f"https://{host}/{path.removesuffix(_WIKI)}", kind, is_wiki)


def _kind_of(host: str) -> tuple[str, str] | None:
    if host in _GITLABS:
        return "gitlab", "gitlab"
    for part, kind in _KINDS.items():
        if part in host:
            return _NAMES.get(part, part), kind
    return None


def _azure(host: str, path: str) -> Forge | None:
    # https://learn.microsoft.com/azure/devops/repos/git/use-ssh-keys-to-authenticate
    parts = [part for part in path.split("/") if part not in {"v3", "_git", "DefaultCollection"}]
    if host.endswith(".visualstudio.com"):
        parts = [host.partition(".")[0], *parts]
    if len(parts) == 2:  # a project's first repository bears its name
        parts.append(parts[1])
    if len(parts) != 3:
        return None
    organization, project, repository = parts
    return Forge("azure", f"https://dev.azure.com/{organization}/{project}/_git/{repository}", "azure")  # fmt: skip


def _host_and_path(remote: str) -> tuple[str, str]:
    if "://" in remote:
        try:
            parts = urlsplit(remote)
            port = f":{parts.port}" if parts.scheme == "https" and parts.port else ""
        except ValueError:
            return "", ""
        if parts.scheme in {"ssh", "git+ssh"}:
            return _behind_alias(parts.hostname or ""), parts.path
        known = parts.scheme in {"http", "https", "git"}
        return ((parts.hostname or "") + port, parts.path) if known else ("", "")
    match = _SCP.fullmatch(remote)
    return (_behind_alias(match[1].lower()), match[2]) if match else ("", "")


def _behind_alias(host: str) -> str:
    """Return the host that a name in the user's SSH configuration stands for."""
    known = _ssh_hosts(Path(os.path.expanduser("~/.ssh/config")))  # noqa: PTH111 - there may be no home
    if host in known:
        return known[host]
    # "github.com-work" is what guides for two accounts recommend.
    return next((f"{site}" for site in ("github.com", "gitlab.com", "bitbucket.org", "codeberg.org") if host.startswith(f"{site}-")), host)  # fmt: skip


@lru_cache(maxsize=1)
def _ssh_hosts(path: Path) -> dict[str, str]:
    # https://man.openbsd.org/ssh_config
    try:
        with path.open("rb") as file:
            lines = file.read(MAX_SSH_CONFIG).decode("utf-8", "replace").splitlines()
    except OSError:
        return {}
    found: dict[str, str] = {}
    names: list[str] = []
    for line in lines:
        key, _, value = line.strip().replace("=", " ", 1).partition(" ")
        if key.lower() == "host":
            names = value.lower().split()
        elif key.lower() == "match":
            names = []
        elif key.lower() == "hostname":
            found |= {name: value.strip().lower() for name in names if name not in found}
    return found
