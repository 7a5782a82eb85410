"""Long texts are cut into passages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lightfast.emulator.search.passages import (
    LONGEST,
    MOST,
    SIZE,
    SIZE_OF_ENTRIES,
    passages,
)


def test_a_short_text_is_one_passage() -> None:
    """Even an empty one."""
    assert passages("") == [""]
    assert passages("One.\n\nTwo.") == ["One.\n\nTwo."]


def test_a_long_text_is_cut_between_paragraphs_and_items() -> None:
    """No passage begins inside a paragraph that fits."""
    paragraphs = [f"{name} {'word ' * 50}".strip() for name in ("One", "Two", "Three")]
    found = passages("\n\n".join(paragraphs))
    assert [passage.strip() for passage in found] == paragraphs
    items = [f"- {name} {'word ' * 60}".strip() for name in ("one", "two", "three")]
    assert [passage.strip() for passage in passages("\n".join(items))] == items


def test_entries_of_a_changelog_are_cut_finer() -> None:
    """Each is about something else, so that one of them is shown and not its neighbors."""
    items = [f"- {name} {'word ' * 30}".strip() for name in ("One", "Two", "Three")]
    text = "\n".join(items)
    assert passages(text) == [text]
    assert [passage.strip() for passage in passages(text, SIZE_OF_ENTRIES)] == items


@given(
    st.text(alphabet="ab \n-*", max_size=5000),
    st.integers(1, 40),
    st.sampled_from([SIZE, SIZE_OF_ENTRIES]),
)
def test_passages_hold_the_whole_text(text: str, times: int, size: int) -> None:
    """Joined they are the text; none but the last of very many is long."""
    body = text * times
    found = passages(body, size)
    assert "".join(found) == body
    most = MOST // size
    assert len(found) <= most
    assert all(len(passage) <= LONGEST + 500 for passage in found[: most - 1])
