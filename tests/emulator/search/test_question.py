"""The form of a question tells what it asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightfast.emulator.search.question import PRIORS, Form, form_of, without_form, without_name


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("how do I upload a file?", "docs"),
        ("Can views be coroutines?", "docs"),
        ("what does the timeout mean", "docs"),
        ("how does it find out the language?", "workings"),
        ("How is the cache key made", "workings"),
        ("what writes error.log after a crash", "workings"),
        ("which settings are read first", "docs"),
        ("how does one log in", "docs"),
        ("which script renews the certificates", "code"),
        ("why was the cache removed?", "history"),
        ("when did it become the default", "history"),
        ("since which version is 3.8 required", "history"),
        ("who added the retry budget?", "person"),
        ("when was it added, and who did it?", "person"),
        ("what changed in 2.3.0?", "release"),
        ("release notes of 1.4", "release"),
        ("where is the retry budget?", "code"),
        ("which file reads the configuration", "code"),
        ("in which module are cookies parsed", "code"),
        ("which C function encodes base64", "code"),
        ("where in the code are keys compared", "code"),
        ("function that splits a path", "code"),
        ("the class which holds the settings", "code"),
        ("class based views", "open"),
        ("pure python function that masks frames", "code"),
        ("main loop that reads the queue", "code"),
        ("html report: code that skips what did not change", "code"),
        ("run code that needs a database", "open"),
        ("write a function that returns two values", "open"),
        ("which acme release removed Python 2", "history"),
        ("which major version took it out", "history"),
        ("was the option once called quiet?", "history"),
        ("was macht der Parser hier?", "open"),
        ("which python version is required", "docs"),
        ("reason the argument was renamed", "history"),
        ("how do I add a changelog entry", "docs"),
        ("my handler blocks all other requests", "symptom"),
        ("quotes in a command break on Windows", "open"),
        ("a command with quotes breaks on Windows", "symptom"),
        ("why does my handler block?", "symptom"),
        ("why is it so slow", "symptom"),
        ("RuntimeError: no application context", "symptom"),
        ("the page does not load", "symptom"),
        ("I can not read the body", "symptom"),
        ("it refuses to write my file", "symptom"),
        ("what became of the old parser?", "history"),
        ("which hole was closed in version 13?", "history"),
        ("why does it no longer ask for a password?", "history"),
        ("why does it ship its own copy of the parser?", "history"),
        ("upgrading from 1.4", "release"),
        ("how do I upgrade to 2.0", "release"),
        ('server logs "Unsupported upgrade request"', "symptom"),
        ("it got slower after upgrading to 2.0", "symptom"),
        ("the terminal stays red after I press a key", "symptom"),
        ("with an empty file it keeps asking for a name", "symptom"),
        ("my header gets sent twice", "symptom"),
        ("I uploaded a new page but the server keeps giving me the old one", "symptom"),
        ("MOVED errors in a cluster", "symptom"),
        ("login fails", "symptom"),
        ("error handling", "open"),
        ("getting started", "open"),
        ("zsh: no matches found: name[extra]", "symptom"),
        ("no colors at all in a pipe", "symptom"),
        ("requests are filtered although they differ", "symptom"),
        ('"Argument list too long" with many files', "symptom"),
        ("keep the last value that was set", "open"),
        ("store templates on disk so a restart doesn't read them again", "open"),
        ("keep my own key, how?", "docs"),
        ("The limit is now 20 instead of 10", "open"),
        ("login page", "open"),
        ("retry budget", "open"),
        ("", "open"),
    ],
)
def test_a_question_has_a_form(query: str, form: Form) -> None:
    """Told from its first words."""
    assert form_of(query) == form


@given(st.text(max_size=2000))
def test_every_text_has_one_of_the_forms(query: str) -> None:
    """Whatever is asked."""
    assert form_of(query) in PRIORS


def test_words_that_make_the_form_are_not_looked_for() -> None:
    """The place to look in is not part of the question, unless nothing else is asked."""
    assert without_form(["file", "parses", "cookies"], "code") == ["parses", "cookies"]
    assert without_form(["file"], "code") == ["file"]
    assert without_form(["file", "uploads"], "docs") == ["file", "uploads"]


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("how does acme find its settings", "how does find its settings"),
        ("Acme's settings are not found", "settings are not found"),
        ("acme\u2019s settings are not found", "settings are not found"),
        ("where is acme.toml read", "where is acme.toml read"),
        ("where is the file ./acme read", "where is the file ./acme read"),
        ("acme-core is not found", "acme-core is not found"),
        ("what does acme do?", "what does acme do?"),
        ("acme settings", "acme settings"),
        ("acme - - - -", "acme - - - -"),
    ],
)
def test_the_projects_own_name_says_nothing(query: str, asked: str) -> None:
    """Unless it is part of another name, or little else is said."""
    assert without_name(query, "acme") == asked


def test_a_name_is_no_pattern() -> None:
    """And a question stays whole where none is known."""
    assert without_name("settings of the a.b plugin", "a.b") == "settings of the plugin"
    assert without_name("settings of the axb plugin", "a.b") == "settings of the axb plugin"
    assert without_name("how does c++ find its settings", "c++") == "how does find its settings"
    assert without_name("how does acme find its settings", "") == "how does acme find its settings"
