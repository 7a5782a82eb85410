"""The notebook in the documentation runs from top to bottom, in a real kernel."""

from __future__ import annotations

import os

import nbformat
import pytest
from nbclient import NotebookClient

from tests import ROOT

NOTEBOOK = ROOT / "docs" / "how-to" / "notebook.ipynb"


@pytest.fixture(scope="module")
def executed() -> nbformat.NotebookNode:
    """Run the notebook and return it with its outputs; with ``LIGHTFAST_DOCS_UPDATE=1``, write it back."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    options = {"timeout": 120, "record_timing": False}
    NotebookClient(notebook, resources={"metadata": {"path": NOTEBOOK.parent}}, **options).execute()
    if os.environ.get("LIGHTFAST_DOCS_UPDATE"):
        notebook.metadata["language_info"] = {"name": "python"}  # not which Python it was
        nbformat.write(notebook, NOTEBOOK)
    return notebook


def _outputs(notebook: nbformat.NotebookNode, kind: str) -> list[str]:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output["data"][kind] for output in outputs if kind in output.get("data", {})]


def test_responses_and_results_are_shown_as_tables(executed):
    response, result, *frames = _outputs(executed, "text/html")
    assert response.count("<tr>") == 6
    assert 'href="https://linear.app/acme/issue/SHOP-71"' in response
    assert result.count("<tr>") == 2
    assert "dataframe" in frames[0]


def test_a_client_that_awaits_works_in_a_cell(executed):
    (titles,) = [text for text in _outputs(executed, "text/plain") if text.startswith("['")]
    assert titles.count("Deployment") >= 1


def test_no_cell_writes_to_stderr(executed):
    streams = [output for cell in executed.cells for output in cell.get("outputs", []) if output.output_type == "stream"]  # fmt: skip
    assert {stream.name for stream in streams} == {"stdout"}
    assert "`query` must be" in streams[0].text


def test_what_is_stored_is_what_comes_out(executed):
    stored = nbformat.read(NOTEBOOK, as_version=4)
    assert [cell.source for cell in stored.cells] == [cell.source for cell in executed.cells]
    assert all(cell.outputs for cell in stored.cells[3:4])
