"""Syntax of programming languages, as far as a scanner of lines needs to know."""

from __future__ import annotations

import attrs

__all__ = ["LANGUAGES", "MODIFIERS", "Language", "language_named"]


@attrs.frozen(kw_only=True)
class Language:
    """Syntax of a language's declarations and comments.

    Args:
        name: What people call it.
        declaration: Pattern of a line that declares; the last group that matched is the name.
        containers: Words of a declaration that others stand inside of.
        comment: What a line comment begins with.
        has_blocks: Whether ``/* */`` are comments.
        methods: Whether a line with a modifier and parentheses declares a method, as in Java.
        tests: Names of containers that hold nothing but tests.
    """

    name: str
    declaration: str
    containers: frozenset[str] = frozenset()
    comment: tuple[str, ...] = ("//",)
    has_blocks: bool = True
    methods: bool = False
    tests: frozenset[str] = frozenset()


MODIFIERS = (
    "public private protected internal static final abstract sealed open override virtual async export default"
    " data partial readonly declare inline suspend extern unsafe const pub synchronized native fileprivate required"
    " convenience mutating lateinit companion annotation inner value case implicit lazy"
)
_MODIFIER = "(?:(?:" + MODIFIERS.replace(" ", "|") + r")(?:\([\w ]{0,20}\))?[ \t]{1,8}){0,6}"
_CONTAINERS = frozenset(str.split("class interface enum record struct trait object protocol extension namespace module impl mod actor mixin union contract service"))  # fmt: skip


def _pattern(*alternatives: str, indent: int = 40) -> str:
    return rf"[ \t]{{0,{indent}}}(?:{'|'.join(alternatives)})"


def _types(words: str) -> str:
    return _MODIFIER + rf"({words})[ \t]{{1,8}}(?:class[ \t]{{1,8}})?([\w:.$]{{1,100}})"


_JAVA = Language(
    name="java",
    declaration=_pattern(_types("class|interface|enum|record|struct|namespace|@interface")),
    containers=_CONTAINERS,
    methods=True,
)
_C = Language(
    name="c",
    declaration=_pattern(
        r"(?:typedef )?(?:template[^;]{0,80}> )?(struct|class|enum|union|namespace)(?: class)? ([\w:]{1,100})(?=[^;]*$)",
        r"(#)define (\w{1,100})\(",
        indent=4,
    ),
    containers=_CONTAINERS,
    methods=True,
)
_SCRIPT = Language(
    name="javascript",
    declaration=_pattern(
        _MODIFIER + r"(function)[ \t]*\*?[ \t]*([\w$]{1,100})",
        _types("class|interface|enum|namespace|module"),
        _MODIFIER + r"(type)[ \t]+([\w$]{1,100})(?:<[^=]{0,100}>)?[ \t]*=",
        _MODIFIER
        + r"(const|let|var)[ \t]+([\w$]{1,100})[^=\n]{0,120}=[ \t]*(?:async\b|function\b|\(|\w+[ \t]*=>|class\b|new\b|\{)",
        r"()(?:module\.)?exports\.([\w$]{1,100})[ \t]*=",
        r"()([\w$]{1,60}\.prototype\.[\w$]{1,60})[ \t]*=",
        r"()([\w$]{1,60}\.[\w$]{1,60})[ \t]*=[ \t]*(?:async\b|function\b|\([^()]{0,100}\)[ \t]*=>)",
        r"()define[GS]etter\([\w$]{1,60},[ \t]*['\"]([\w$]{1,60})['\"],[ \t]*function\b",
        indent=4,
    ),
    containers=_CONTAINERS,
    methods=True,
)

_KNOWN: tuple[tuple[str, Language], ...] = (
    (
        ".py .pyi .pyx",
        Language(
            name="python",
            declaration=_pattern(
                r"(?:async[ \t]+)?(class|def|cdef|cpdef)[ \t]+(\w{1,100})",
                r"()([A-Z][A-Z0-9_]{2,80})(?::[^=]{1,80})?[ \t]*=(?!=)",
            ),
            containers=frozenset({"class"}),
            comment=("#:", "#"),
            has_blocks=False,
        ),
    ),
    (
        ".go",
        Language(
            name="go",
            declaration=_pattern(
                r"(func)[ \t]+(?:\([^()]{0,100}\)[ \t]*)?(\w{1,100})",
                r"(type|var|const)[ \t]+(\w{1,100})",
                indent=0,
            ),
        ),
    ),
    (".js .jsx .mjs .cjs .ts .tsx .mts .cts .vue .svelte", _SCRIPT),
    (
        ".rs",
        Language(
            name="rust",
            declaration=_pattern(
                _MODIFIER
                + r"(fn|struct|enum|trait|type|mod|union|const|static)[ \t]{1,8}(?:mut[ \t])?(\w{1,100})",
                r"(macro_rules)![ \t]*(\w{1,100})",
                r"(impl)(?:<[^{}]{0,80}>)?[ \t]+(?:[^{}]{0,80}[ \t]for[ \t]+)?([\w:]{1,100})",
            ),
            containers=_CONTAINERS,
            comment=("///", "//!", "//"),
            tests=frozenset({"test", "tests"}),
        ),
    ),
    (".java .cs .groovy", _JAVA),
    (".c .h .cc .cpp .cxx .hpp .hh .hxx .m .mm .cu", _C),
    (
        ".kt .kts .scala .swift .dart",
        Language(
            name="kotlin",
            declaration=_pattern(
                _types("class|interface|enum|object|trait|protocol|extension|struct|actor|mixin"),
                _MODIFIER
                + r"(fun|func|def)[ \t]+(?:<[^<>]{0,60}>[ \t]*)?(?:[\w<>?]{1,60}\.)?(\w{1,100})",
            ),
            containers=_CONTAINERS,
            methods=True,
        ),
    ),
    (
        ".php",
        Language(
            name="php",
            declaration=_pattern(
                _types("class|interface|enum|trait"), _MODIFIER + r"(function)[ \t]+&?(\w{1,100})"
            ),
            containers=_CONTAINERS,
            comment=("//", "#"),
        ),
    ),
    (
        ".rb .rake",
        Language(
            name="ruby",
            declaration=_pattern(
                r"(def)[ \t]+(?:self\.)?([\w?!=]{1,100})", r"(class|module)[ \t]+([\w:]{1,100})"
            ),
            containers=_CONTAINERS,
            comment=("#",),
            has_blocks=False,
        ),
    ),
    (
        ".ex .exs",
        Language(
            name="elixir",
            declaration=_pattern(
                r"(def|defp|defmacro)[ \t]+([\w?!]{1,100})", r"(defmodule)[ \t]+([\w.]{1,100})"
            ),
            containers=frozenset({"defmodule"}),
            comment=("#",),
            has_blocks=False,
        ),
    ),
    (
        ".sh .bash .zsh",
        Language(
            name="shell",
            declaration=_pattern(
                r"(function)[ \t]+([\w:-]{1,100})", r"()([\w:-]{1,100})[ \t]*\(\)[ \t]*\{?"
            ),
            comment=("#",),
            has_blocks=False,
        ),
    ),
    (
        ".lua",
        Language(
            name="lua",
            declaration=_pattern(r"(?:local[ \t]+)?(function)[ \t]+([\w.:]{1,100})"),
            comment=("---", "--"),
            has_blocks=False,
        ),
    ),
    (
        ".proto .thrift .graphql",
        Language(
            name="proto",
            declaration=_pattern(
                r"(message|service|rpc|enum|struct|type|interface|input)[ \t]+(\w{1,100})"
            ),
            containers=_CONTAINERS,
            comment=("//", "#"),
        ),
    ),
    (
        ".pl .pm",
        Language(
            name="perl",
            declaration=_pattern(r"(sub|package)[ \t]+([\w:]{1,100})"),
            comment=("#",),
            has_blocks=False,
        ),
    ),
    (
        ".tf .hcl",
        Language(
            name="terraform",
            declaration=_pattern(
                r'(resource|module|data|variable|output)[ \t]+("[^"]{1,80}"(?:[ \t]+"[^"]{1,80}")?)'
            ),
            comment=("#", "//"),
        ),
    ),
)
LANGUAGES = {suffix: language for suffixes, language in _KNOWN for suffix in suffixes.split()}
_BY_NAME = {language.name: language for _, language in _KNOWN}


def language_named(name: str) -> Language:
    """Return the language of that name."""
    return _BY_NAME[name]
