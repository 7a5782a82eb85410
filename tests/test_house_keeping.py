"""The files around the package agree with each other: checks, workflows, templates, addresses."""

from __future__ import annotations

import ast
import re
import tomllib
from itertools import chain
from typing import Any

import yaml

from tests import ROOT

NOX = (ROOT / "noxfile.py").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SOURCE = PROJECT["project"]["urls"]["Source"]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def sessions() -> set[str]:
    return set(re.findall(r"^@nox\.session.*\ndef (\w+)", NOX, re.MULTILINE))


def constants(*names: str) -> list[Any]:
    """Evaluate some of the noxfile's constants; the tests' environments have no nox."""
    assigned = [
        node
        for node in ast.parse(NOX).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in names
    ]
    found: dict[str, Any] = {}
    exec(compile(ast.Module(assigned, []), "noxfile.py", "exec"), found)
    return [found[name] for name in names]


def test_each_test_runs_in_a_session_that_nox_runs_by_default():
    """The oldest Python runs all but what needs frameworks: these have sessions of their own."""
    config = PROJECT["tool"]["pytest"]["ini_options"]
    apart = {name for name in config["norecursedirs"] if name.startswith("tests/")}
    assert apart == {"tests/integrations", "tests/recipes"}
    assert {name.removeprefix("tests/") for name in apart} <= sessions()
    assert "| `nox -s recipes` |" in read(".github/CONTRIBUTING.md")
    assert "not slow" not in config["addopts"]
    assert 'session.run("pytest", *PARALLEL, "--cov", "--cov-report=")' in NOX


def test_the_oldest_and_the_newest_python_are_not_between():
    pythons, _, between = constants("PYTHONS", "CORE", "BETWEEN")
    assert {pythons[0], *pythons[-2:]}.isdisjoint(between)
    assert set(between) <= set(pythons)


def test_every_package_has_a_floor_of_coverage():
    (floors,) = constants("FLOORS")
    patterns = {pattern for files in floors for pattern in files.split(",")}
    package = ROOT / "lightfast"
    folders = {path.parent.relative_to(ROOT).as_posix() for path in package.rglob("*.py")}
    assert patterns == {f"{folder}/*.py" for folder in folders}
    assert min(floors.values()) >= 90


ONCE = {"tests/docs", "tests/emulator/control", "tests/fuzz", "tests/public_api", "tests/soak"}


def test_a_python_between_tests_something_of_each_part():
    core, lowest, between = constants("CORE", "LOWEST", "BETWEEN")
    apart = {"tests/integrations", "tests/recipes"}
    parts = {
        path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")
    }
    for paths in between.values():
        tested = {path if (ROOT / path).is_dir() else path.rpartition("/")[0] for path in paths}
        assert parts - apart - ONCE == tested
    for path in {*core, *lowest, *chain(*between.values())}:
        assert (ROOT / path).exists()


def test_pre_commit_runs_what_the_lint_session_runs():
    hooks = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    before_commits = {hook["id"] for repo in hooks for hook in repo["hooks"]}
    body = NOX[NOX.index("def lint(") :].split("@nox.session")[0]
    commands = re.findall(r'session\.run\("(\w+)"(?:, "(\w+)")?', body)
    assert before_commits == {"-".join(filter(None, command)) for command in commands}


def test_workflows_are_yaml_and_run_sessions_that_exist():
    workflows = sorted((ROOT / ".github/workflows").glob("*.yml"))
    assert [path.stem for path in workflows] == ["docs", "release", "tests"]
    for path in workflows:
        jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
        assert all("runs-on" in job for job in jobs.values())
        for line in re.findall(r"nox -s ([\w .-]+)", path.read_text(encoding="utf-8")):
            names = line.split(" -- ")[0].split()
            assert {name.partition("-")[0] for name in names} <= sessions()


def test_the_workflow_tests_every_session_that_nox_runs_by_default():
    jobs = yaml.safe_load(read(".github/workflows/tests.yml"))["jobs"]
    default = re.search(r"nox\.options\.sessions = \[(.*?)\]", NOX, re.DOTALL)
    assert default
    names = set(re.findall(r'"(\w+)"', default[1]))
    assert {*jobs["checks"]["strategy"]["matrix"]["session"], "tests"} == names


def test_the_python_versions_agree_everywhere():
    named = re.search(r"^PYTHONS = (\[.*\])", NOX, re.MULTILINE)
    assert named
    pythons = re.findall(r"3\.\d+", named[1])
    jobs = yaml.safe_load(read(".github/workflows/tests.yml"))["jobs"]
    assert jobs["tests"]["strategy"]["matrix"]["python"] == pythons
    assert f">={pythons[0]}" == PROJECT["project"]["requires-python"]
    classified = re.findall(r":: (3\.\d+)", " ".join(PROJECT["project"]["classifiers"]))
    assert classified == pythons[: len(classified)]
    tested = re.search(r"^\| Python \| CPython ([^|]*)\|", read("docs/upgrading.md"), re.MULTILINE)
    assert tested
    assert re.findall(r"3\.\d+", tested[1]) == classified


def test_only_the_systems_that_are_tested_are_classified():
    tested = re.findall(r"^\| (\w+) \| [^|]*\w", read("docs/upgrading.md"), re.MULTILINE)
    classifiers = PROJECT["project"]["classifiers"]
    systems = [c.rpartition(" :: ")[2] for c in classifiers if c.startswith("Operating System ::")]
    assert systems == [name for name in tested if name in {"Linux", "macOS", "Windows"}]


def test_only_the_workflow_that_publishes_may_write():
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {"contents": "read"}


def test_actions_are_pinned_by_their_commit_and_kept_up_to_date():
    pins = {}
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        for used in re.findall(r"uses: *(.*)", path.read_text(encoding="utf-8")):
            pinned = re.fullmatch(r"([\w/-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)", used)
            assert pinned, f"{path.name}: {used}"
            assert pins.setdefault(pinned[1], pinned.groups()) == pinned.groups()
    updates = yaml.safe_load(read(".github/dependabot.yml"))["updates"]
    assert "github-actions" in {update["package-ecosystem"] for update in updates}


def test_the_repository_has_one_address():
    pages = [*(ROOT / ".github").rglob("*.*"), *(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]
    for path in pages:
        found = re.findall(r"https://github\.com/\w+/lightfast[\w-]*", path.read_text("utf-8"))
        assert set(found) <= {SOURCE}, path


def test_issue_templates_ask_for_what_is_needed():
    for name in ("bug", "idea"):
        form = yaml.safe_load(read(f".github/ISSUE_TEMPLATE/{name}.yml"))
        assert {"name", "description", "body"} <= form.keys()
        assert any(part.get("validations", {}).get("required") for part in form["body"])


def test_the_security_policy_leads_to_a_private_advisory():
    for name in (".github/SECURITY.md", ".github/ISSUE_TEMPLATE/config.yml"):
        assert f"{SOURCE}/security/advisories/new" in read(name)


def test_what_the_contributor_pages_link_to_exists():
    for page in (ROOT / ".github").glob("*.md"):
        links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
        assert [link for link in links if not (page.parent / link).exists()] == [], page
