"""Words of languages other than English."""

from __future__ import annotations

import pytest

from lightfast.emulator.search.languages import language_of, stems
from lightfast.emulator.search.snippets import snippet
from lightfast.emulator.search.text import other_forms, terms


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Die Abmeldung ist nicht für jeden möglich.", "german"),
        ("Les clés sont renouvelées par le serveur dans la nuit.", "french"),
        ("El servidor renueva las claves por la noche.", "spanish"),
        ("Сервер обновляет ключи", "russian"),
        ("The keys are rotated at night.", None),
        ("Add a die roll for the game", None),
        ("login", None),
        ("", None),
    ],
)
def test_a_language_is_told_from_its_commonest_words(text: str, language: str | None) -> None:
    """English is what everything else is."""
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("german", "Abmeldung", "Abmeldungen"),
        ("german", "Straße", "Strasse"),
        ("french", "renouvelée", "renouveler"),
        ("spanish", "clave", "claves"),
        ("russian", "ошибка", "ошибки"),
        ("russian", "чёрный", "черного"),
    ],
)
def test_forms_of_a_word_have_one_stem(language: str, one: str, other: str) -> None:
    """Endings, accents, ß and ss make no difference."""
    assert stems(one, [language]) == stems(other, [language]) != []


def test_scripts_divide_words() -> None:
    """A Latin word between Chinese ones is a word; so is each character, and each pair of them."""
    forms = other_forms("使用Redis实现", ()).split()
    assert {"Redis", "使", "使用", "实现"} <= set(forms)
    assert "redis" in terms("使用Redis实现")
    assert terms("锁") == ["锁"]


def test_a_version_is_one_word() -> None:
    """Its numbers alone would be found everywhere."""
    assert terms("what changed in v2.31.0 for Python 3.11?") == [
        "changed",
        "python",
        "2.31.0",
        "3.11",
    ]


def test_a_snippet_shows_the_passage_that_was_asked_for() -> None:
    """In languages written without spaces, too."""
    text = "这是一个很长的开头。" * 60 + "重启网关之后一切正常。" + "结尾。" * 60
    assert "重启网关" in snippet("标题", text, terms("网关"))
    assert len(snippet("标题", text, terms("网关"))) <= 300
