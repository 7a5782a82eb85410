"""Whatever can be asked arrives as it was asked, and is answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightfast import DateRange, Lightfast, SearchFilters, SearchRequest, to_dict
from lightfast.emulator import SAMPLE, Emulator

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
NAMES = st.none() | st.lists(TEXT, max_size=3)
TIMES = st.datetimes(timezones=st.just(UTC))


@st.composite
def requests(draw: st.DrawFn) -> SearchRequest:
    """Any request that can be made."""
    first, last = sorted([draw(TIMES), draw(TIMES)])
    filters = SearchFilters(
        sources=draw(NAMES),
        types=draw(NAMES),
        actor_names=draw(NAMES),
        source_types=draw(NAMES),
        observation_types=draw(NAMES),
        entity_types=draw(NAMES),
        date_range=draw(st.none() | st.just(DateRange(start=first, end=last))),
    )
    return SearchRequest(
        draw(TEXT),
        limit=draw(st.integers(1, 100)),
        offset=draw(st.integers(0, 2**53 - 1)),
        mode=draw(st.sampled_from(["fast", "balanced", "thorough"])),
        filters=draw(st.none() | st.just(filters)),
    )


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator([SAMPLE], embedder=None) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def client(emulator: Emulator) -> Iterator[Lightfast]:
    with Lightfast(emulator.create_api_key(), base_url=emulator.base_url) as client:
        yield client


@settings(max_examples=80, deadline=None)
@given(request=requests())
def test_any_request_arrives_as_it_was_made(
    emulator: Emulator, client: Lightfast, request: SearchRequest
) -> None:
    """The emulator reads what `to_dict` says, and its answer is about it."""
    (outcome,) = client.search_many([request])
    response = outcome.unwrap()
    assert emulator.requests[-1].json == json.loads(json.dumps(to_dict(request)))
    assert (response.meta.limit, response.meta.offset) == (request.limit, request.offset)
    assert response.meta.mode == request.mode
