"""Public surface, read from the running package: stubs of its modules, its commands, its fixtures."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click

MODULES = (
    "lightfast",
    "lightfast.batch",
    "lightfast.emulator",
    "lightfast.emulator.faults",
    "lightfast.integrations.langchain",
    "lightfast.mcp",
)
# Classes that are public without being exported: objects of the public API have them.
MORE = {"lightfast.emulator": ("accounts.admin:Accounts", "embedding.endpoint:EndpointEmbedder", "embedding.folder:FolderEmbedder", "faults.script:Script")}  # fmt: skip
COMMANDS = "commands"
FIXTURES = "pytest_fixtures"
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def surface() -> dict[str, str]:
    """Return the text of each part of the public API, by the name of its file."""
    stubs = {f"{name}.pyi": stub(importlib.import_module(name)) for name in MODULES}
    return stubs | {f"{COMMANDS}.txt": commands(), f"{FIXTURES}.txt": fixtures()}


def stub(module: ModuleType) -> str:
    """Return a module's public names as a stub: valid Python, without documentation."""
    public = {name: getattr(module, name) for name in module.__all__}
    for place in MORE.get(module.__name__, ()):
        inner, _, name = place.partition(":")
        public[name] = getattr(importlib.import_module(f"{module.__name__}.{inner}"), name)
    return "\n".join(_name(name, value) for name, value in sorted(public.items()))


def _name(name: str, value: object) -> str:
    if isinstance(value, type):
        return _class(name, value)
    if inspect.isfunction(value):
        return _function(name, value)
    if isinstance(value, ModuleType):
        return f"{name}: Module\n"
    if name == "__version__":
        return f"{name}: str\n"
    return f"{name} = {_literal(value)}\n"


def _class(name: str, cls: type) -> str:
    bases = [base.__name__ for base in cls.__bases__ if _is_public(base)]
    lines = [f"class {name}({', '.join(bases)}):" if bases else f"class {name}:"]
    lines += [f"    {line}" for part in _members(cls) for line in part.splitlines()]
    return "\n".join([*lines, "    ..."]) + "\n"


def _is_public(base: type) -> bool:
    """Tell whether users can name a base class: one of another package, or an exported one."""
    if base.__module__.partition(".")[0] != "lightfast":
        return base is not object and base.__module__ not in {"abc", "typing"}
    return any(base.__name__ in importlib.import_module(name).__all__ for name in MODULES)


def _members(cls: type) -> Iterator[str]:
    ours = [base for base in reversed(cls.__mro__) if base.__module__.startswith("lightfast.")]
    fields = {name: text for base in ours for name, text in vars(base).get("__annotations__", {}).items()}  # fmt: skip
    for name, annotation in fields.items():
        if not name.startswith("_") and "ClassVar" not in str(annotation):
            yield f"{name}: {_text(annotation)}"
    if _is_ours(cls, "__init__"):
        yield _function("__init__", inspect.getattr_static(cls, "__init__"))
    for name in sorted(dir(cls)):
        if name.startswith(("_", "model_")) or not _is_ours(cls, name):  # pydantic's own: model_…
            continue
        value = inspect.getattr_static(cls, name)
        if isinstance(value, property):
            returns = inspect.signature(value.fget).return_annotation if value.fget else Any
            yield f"@property\ndef {name}(self) -> {_text(returns)}: ..."
        elif isinstance(value, staticmethod | classmethod):
            decorator = type(value).__name__
            yield f"@{decorator}\n{_function(name, value.__func__)}"
        elif inspect.isfunction(value):
            yield _function(name, value)


def _is_ours(cls: type, name: str) -> bool:
    """Tell whether a class of this package defines the name, and not one of Python's."""
    owner = next((base for base in cls.__mro__ if name in vars(base)), object)
    return owner.__module__.partition(".")[0] == "lightfast"


def _function(name: str, function: Any) -> str:
    signature = inspect.signature(function)
    parameters = [
        parameter.replace(
            annotation=parameter.empty
            if parameter.name == "self"
            else _Text(_text(parameter.annotation)),
            default=parameter.default
            if parameter.default is parameter.empty
            else _Text(_literal(parameter.default)),
        )
        for parameter in signature.parameters.values()
    ]
    shown = signature.replace(
        parameters=parameters, return_annotation=_Text(_text(signature.return_annotation))
    )
    prefix = "async " if inspect.iscoroutinefunction(function) else ""
    return f"{prefix}def {name}{shown}: ..."


class _Text(str):
    """A string whose ``repr`` is itself: how `inspect` shows what it is given."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _text(annotation: object) -> str:
    if annotation is inspect.Parameter.empty:
        return "Any"
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return text.strip("'\"")


def _literal(value: object) -> str:
    if isinstance(value, Path):
        return "Path()"
    named = value if isinstance(value, type) or inspect.isroutine(value) else None
    text = getattr(named, "__qualname__", None) or _ADDRESS.sub("", repr(value))
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return "..."
    return text


def commands() -> str:
    """Return one line for each option and argument of each command, and for each exit code."""
    from lightfast.cli.app import app
    from lightfast.cli.exit_codes import EXITS

    lines = [*_options("lightfast", app), *(f"exit code {exit_.code}" for exit_ in EXITS)]
    return "\n".join(sorted(lines)) + "\n"


def _options(path: str, command: click.Command) -> Iterator[str]:
    yield path
    for parameter in command.params:
        is_option = isinstance(parameter, click.Option)
        names = parameter.opts if is_option else [(parameter.name or "").upper()]
        yield from (f"{path} {name}" for name in names)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):  # some are loaded when they are needed
            if child := command.get_command(context, name):
                yield from _options(f"{path} {name}", child)


def fixtures() -> str:
    """Return one line for each fixture, ini option and marker of the pytest plugin, read without pytest."""
    spec = importlib.util.find_spec("lightfast.pytest_plugin")
    assert spec
    assert spec.origin
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    return "\n".join(sorted(_fixtures(tree))) + "\n"


def _fixtures(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name, decorator_list=decorators):
                is_fixture = any(ast.unparse(d).startswith("pytest.fixture") for d in decorators)
                if is_fixture and not name.startswith("_"):
                    yield f"fixture {name}"
            case ast.Call(func=ast.Attribute(attr="addini"), args=[ast.Constant(str(value)), *_]):
                yield f"ini option {value}"
            case ast.Call(func=ast.Attribute(attr="addinivalue_line"), args=[_, ast.Constant(value)]):  # fmt: skip
                yield f"marker {re.split('[(:]', str(value))[0]}"
