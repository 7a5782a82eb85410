"""The errors: one tree, facts as attributes, and all of them pickle."""

from __future__ import annotations

import copy
import pickle

import pytest

import lightfast
from lightfast import Attempt, exceptions

CLASSES = [getattr(exceptions, name) for name in exceptions.__all__ if name.endswith("Error")]


def make(cls: type[exceptions.LightfastError]) -> exceptions.LightfastError:
    """Return an error with every fact that its class can hold."""
    if issubclass(cls, exceptions.APIError):
        error = cls(
            "said so",
            status=429,
            code="CODE",
            request_id="req_1",
            details={"field": ["a"]},
            retry_after=1.5,
            retryable=True,
            body="{}",
        )
    elif cls is exceptions.DriftError:
        drift = (exceptions.Drift("unknown_field", "$.x", "new"),)
        error = cls("said so", status=200, request_id="req_1", drift=drift)
    elif cls is exceptions.ResponseError:
        error = cls("said so", status=200, request_id="req_1", body="<html>")
    else:
        error = cls("said so")
    error.history = (Attempt(outcome="429", status=429, elapsed=0.1, delay=0.2),)
    error.add_note("a note")
    return error


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_keeps_its_facts_through_pickle_and_copy(cls):
    error = make(cls)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is cls
        assert vars(twin) == vars(error)
        assert str(twin) == str(error)
        assert twin.args == error.args


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_is_public_and_derives_from_one(cls):
    assert issubclass(cls, exceptions.LightfastError)
    assert getattr(lightfast, cls.__name__) is cls


def test_errors_are_also_what_python_calls_them():
    assert issubclass(exceptions.ConfigurationError, ValueError)
    assert issubclass(exceptions.RequestTimeoutError, TimeoutError)
    assert issubclass(exceptions.UsageError, RuntimeError)


def test_an_error_says_status_code_request_and_attempts_after_its_message():
    error = make(exceptions.RateLimitError)
    error.history *= 3
    assert str(error) == "said so [429 CODE, request req_1, 3 attempts]"
    assert error.attempts == 3


def test_the_tree_in_the_docstring_is_the_tree():
    for cls in CLASSES:
        assert cls.__name__ in exceptions.__doc__


@pytest.mark.parametrize(
    ("name", "status", "retryable"),
    [
        ("APIError", 400, False),
        ("ValidationError", 400, False),
        ("AuthenticationError", 401, False),
        ("PermissionDeniedError", 403, False),
        ("NotFoundError", 404, False),
        ("RateLimitError", 429, True),
        ("ServerError", 500, True),
        ("OrganizationNotConfiguredError", 500, False),
    ],
)
def test_an_error_can_be_made_from_a_message_alone_in_a_users_test(name, status, retryable):
    """7: each class has its status, so that `mock.Mock(side_effect=RateLimitError("slow"))` works."""
    error = getattr(lightfast, name)("slow down")
    assert (error.status, error.retryable, error.code, error.retry_after) == (
        status,
        retryable,
        None,
        None,
    )
    assert str(error) == f"slow down [{status}]"
