"""Results as data frames of the real libraries."""

from __future__ import annotations

from datetime import UTC

import pandas as pd
import polars as pl
import pytest

from lightfast import SearchMeta, SearchResponse, SearchResult
from tests.test_values import HIT, WHEN

TIMELESS = SearchResult(id="2", title="t", source="s", type="t", snippet="", score=0.1)
RESPONSE = SearchResponse(results=(HIT, TIMELESS), meta=SearchMeta(total=2))
EMPTY = SearchResponse(results=(), meta=SearchMeta(total=0))


def test_pandas_gets_real_times_in_utc():
    frame = RESPONSE.to_pandas()
    assert frame["occurred_at"][0] == pd.Timestamp(WHEN)
    assert frame["occurred_at"].isna().tolist() == [False, True]
    assert str(frame["occurred_at"].dt.tz) == "UTC"
    assert frame["path"][0] == "docs/x.md"


def test_polars_gets_real_times_in_utc():
    frame = RESPONSE.to_polars()
    assert frame.schema["occurred_at"] == pl.Datetime("us", "UTC")
    assert frame["occurred_at"][0].astimezone(UTC) == WHEN
    assert frame["occurred_at"].is_null().to_list() == [False, True]


@pytest.mark.parametrize("make", [SearchResponse.to_pandas, SearchResponse.to_polars])
def test_an_empty_response_has_the_same_columns(make):
    assert list(make(EMPTY).columns) == list(make(RESPONSE).columns)
    assert len(make(EMPTY)) == 0
    assert "datetime" in str(dict(zip(make(EMPTY).columns, make(EMPTY).dtypes, strict=True))["occurred_at"]).lower()  # fmt: skip
