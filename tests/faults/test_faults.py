"""Every fault of the tables against both faces: the right value, or one true error."""

from __future__ import annotations

import time

import pytest

import lightfast
from lightfast import LightfastError
from tests.faults.checks import check_error
from tests.faults.faces import USUAL
from tests.faults.fault import Fault
from tests.faults.plays import healthy
from tests.faults.server import FaultServer, times
from tests.faults.table import FAULTS
from tests.waiting import PATIENCE

SLACK = 30.0  # seconds that a busy machine may add to a deadline


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_a_fault_becomes_a_value_or_one_true_error(fault, face, stage):
    """A fault heals into the right value, or is one error of ours, in time, and nothing lasts."""
    server = FaultServer(
        healthy,
        times(fault.play, fault.times) if fault.play else (),
        times(fault.greet, fault.times) if fault.greet else (),
    )
    with (
        stage.serve(server),
        face(**{**USUAL, "base_url": server.base_url, **fault.options}) as client,
    ):
        began = time.monotonic()
        if fault.outcome == "value":
            response = client.search()
            assert (response[0].id if response else None) == fault.value
        else:
            with pytest.raises(lightfast.LightfastError) as caught:
                client.search()
            check_outcome(caught.value, fault)
        assert time.monotonic() - began < fault.seconds + SLACK
        if fault.requests is not None:
            assert len(server.requests) == fault.requests
        server.heal()
        assert client.search(timeout=PATIENCE)[0].id == "obs_01HV8Z3K"


def check_outcome(error: LightfastError, fault: Fault) -> None:
    """Assert that an error is the one that the table promises, and all that every error is."""
    assert type(error).__name__ in fault.outcome.split(" or "), repr(error)
    check_error(error)
    assert fault.says in str(error) + " ".join(getattr(error, "__notes__", ()))
    for name, expected in fault.facts.items():
        assert getattr(error, name) == expected, name
    attempts = fault.requests if fault.attempts is None else fault.attempts
    if attempts is not None:
        assert error.attempts == attempts


def test_names_of_faults_are_unique():
    """A fault is known by its name."""
    assert len({fault.id for fault in FAULTS}) == len(FAULTS)
