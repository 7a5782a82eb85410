"""Past one machine: the same client inside the processes of a Dask cluster."""

from __future__ import annotations

import pickle

import pytest

from lightfast import Lightfast
from lightfast.emulator import Emulator
from tests.conftest import KEY

pytestmark = pytest.mark.filterwarnings("default")  # Dask's own are not ours to forbid


def search_part(client: Lightfast, queries: list[str]) -> list[list[tuple[str, float]]]:
    """Return what each query of one part finds, on the worker that has it."""
    with client:
        outcomes = client.search_many(queries, concurrency=4)
        return [[(hit.id, hit.score) for hit in outcome.unwrap()] for outcome in outcomes]


def test_a_cluster_finds_what_one_process_does_and_is_sent_no_key(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="pip install distributed")
    notes = "\n\n".join(f"# Note {n}\n\nRetry number {n} after a failure." for n in range(40))
    (tmp_path / "notes.md").write_text(notes, encoding="utf-8")
    with Emulator([tmp_path]) as emulator:
        key = emulator.create_api_key("cluster")
        # Workers are forked or spawned from here, and read the key from their environment.
        monkeypatch.setenv("LIGHTFAST_API_KEY", key)
        monkeypatch.setenv("LIGHTFAST_BASE_URL", emulator.base_url)
        queries = [f"retry number {n}" for n in range(40)]
        parts = [queries[start : start + 10] for start in range(0, 40, 10)]
        client = Lightfast()
        assert key.encode() not in pickle.dumps(client)
        options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
        with (
            distributed.LocalCluster(processes=True, **options) as cluster,
            distributed.Client(cluster) as dask,
        ):
            found = dask.gather([dask.submit(search_part, client, part) for part in parts])
        assert found == [search_part(Lightfast(), part) for part in parts]
        assert all(hits for part in found for hits in part)


def test_a_worker_without_a_key_says_what_it_lacks(monkeypatch):
    pickled = pickle.dumps(Lightfast(KEY))
    with pytest.raises(ValueError, match="set LIGHTFAST_API_KEY"):
        pickle.loads(pickled)
