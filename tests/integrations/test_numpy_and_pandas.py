"""Numbers and times of numpy and pandas, as they come out of a data frame."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from lightfast import ConfigurationError, DateRange, Lightfast, SearchRequest
from tests.conftest import KEY


def test_numpy_s_integers_are_numbers():
    request = SearchRequest("q", limit=np.int64(20), offset=np.uint8(20))
    assert (request.limit, request.offset) == (20, 20)
    assert type(request.limit) is int
    Lightfast(KEY, max_connections=np.int32(5), retries=0).close()


@pytest.mark.parametrize(
    "limit", [np.int64(101), np.float64(5), np.True_, np.array([1, 2])], ids=repr
)
def test_what_is_no_integer_of_the_right_size_is_refused(limit):
    with pytest.raises(ConfigurationError, match="`limit`"):
        SearchRequest("q", limit=limit)


def test_of_a_timestamp_the_plain_value_is_kept():
    at = DateRange(start=pd.Timestamp("2026-08-01 14:00", tz="Europe/Berlin")).start
    assert type(at) is datetime
    assert at == datetime(2026, 8, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("end", ["start", "end"])
def test_not_a_time_is_refused_in_words(end):
    with pytest.raises(ConfigurationError, match="not NaT; use None for an open end"):
        DateRange(**{end: pd.NaT})
    with pytest.raises(ConfigurationError, match="aware"):
        DateRange(**{end: pd.Timestamp("2026-08-01")})
