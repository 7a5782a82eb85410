"""LangChain: a retriever and a tool. Needs the extra ``[langchain]``.

::

    with Lightfast() as client:
        retriever = LightfastRetriever(client=client, k=5)
        documents = retriever.invoke("how are failed requests retried?")

Both await on the caller's event loop when they are awaited, and block when they are called; on the
same client.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    AsyncCallbackManagerForToolRun,
    CallbackManagerForRetrieverRun,
    CallbackManagerForToolRun,
)
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import BaseTool, ToolException
from pydantic import BaseModel, Field

from lightfast import (
    Lightfast,
    LightfastError,
    Mode,
    SearchFilters,
    SearchResponse,
    SearchResult,
)
from lightfast.integrations.text import plain, search_text

__all__ = ["LightfastRetriever", "LightfastSearchInput", "LightfastSearchTool"]


class LightfastRetriever(BaseRetriever):
    """Retriever of what a team's memory holds on a query.

    A document's text is the title and the passage that matched; its metadata holds everything else that the API
    says of the result, with plain values.

    Args:
        client: The client, which is left open. Made from the environment if it is not given.
        k: The largest number of documents to return, 1..100.
        mode: How much work goes into ranking.
        filters: The filters that results must pass.
    """

    client: Lightfast = Field(default_factory=Lightfast, exclude=True, repr=False)
    k: int = Field(default=10, ge=1, le=100)
    mode: Mode = "balanced"
    filters: SearchFilters | None = None

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **options: Any
    ) -> list[Document]:
        return _documents(self.client.search(query, **self._options(options)))

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, **options: Any
    ) -> list[Document]:
        client = self.client.async_client
        return _documents(await client.search(query, **self._options(options)))

    def _options(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the search's options: those of this call before those of the retriever."""
        options = {"k": self.k, "mode": self.mode, "filters": self.filters} | given
        return {"limit": options.pop("k"), **options}


class LightfastSearchInput(BaseModel):
    """Arguments that a model gives to the tool."""

    query: str = Field(
        min_length=1,
        description="What to look for: a question in plain words, or a name, path, #123 or hash.",
    )
    limit: int = Field(default=5, ge=1, le=100, description="How many results to return at most.")
    sources: list[str] | None = Field(
        default=None, description="Only from these providers, such as github or docs."
    )
    types: list[str] | None = Field(
        default=None, description="Only these kinds, such as commit, issue, pull_request, document."
    )


class LightfastSearchTool(BaseTool):
    """Tool that searches a team's memory, for models that call tools.

    Its content is text for the model, its artifact the `SearchResponse`. What goes wrong is told to the model.

    Args:
        client: The client, which is left open. Made from the environment if it is not given.
        max_characters: The length of the text; results that do not fit are left out whole.
    """

    name: str = "lightfast_search"
    description: str = (
        "Search a software team's memory: commits, pull requests, issues, documentation, code, "
        "decisions. Each result has its place, when, who, and the passage that matched."
    )
    args_schema: type[BaseModel] = LightfastSearchInput
    response_format: Literal["content", "content_and_artifact"] = "content_and_artifact"
    handle_tool_error: bool = True
    client: Lightfast = Field(default_factory=Lightfast, exclude=True, repr=False)
    max_characters: int = Field(default=12_000, ge=1)

    def _run(
        self,
        query: str,
        limit: int = 5,
        sources: Sequence[str] | None = None,
        types: Sequence[str] | None = None,
        run_manager: CallbackManagerForToolRun | None = None,
    ) -> tuple[str, SearchResponse]:
        try:
            return self._answer(
                self.client.search(query, limit=limit, filters=_filters(sources, types))
            )
        except LightfastError as error:
            problem = str(error)
        raise ToolException(problem)

    async def _arun(
        self,
        query: str,
        limit: int = 5,
        sources: Sequence[str] | None = None,
        types: Sequence[str] | None = None,
        run_manager: AsyncCallbackManagerForToolRun | None = None,
    ) -> tuple[str, SearchResponse]:
        client = self.client.async_client
        try:
            return self._answer(
                await client.search(query, limit=limit, filters=_filters(sources, types))
            )
        except LightfastError as error:
            problem = str(error)
        raise ToolException(problem)

    def _answer(self, response: SearchResponse) -> tuple[str, SearchResponse]:
        return search_text(response, max_characters=self.max_characters).text, response


def _filters(sources: Sequence[str] | None, types: Sequence[str] | None) -> SearchFilters | None:
    return SearchFilters(sources=sources, types=types) if sources or types else None


def _documents(response: SearchResponse) -> list[Document]:
    return [_document(result, response.request_id) for result in response]


def _document(result: SearchResult, request_id: str | None) -> Document:
    row = result.to_row()
    text = plain(f"{row.pop('title')}\n\n{row.pop('snippet')}").strip()
    metadata = {
        **result.extra,
        **row,
        "title": result.title,
        "occurred_at": result.occurred_at.isoformat() if result.occurred_at else None,
        "entities": [entity.to_dict() for entity in result.entities],
        "references": [reference.to_dict() for reference in result.references],
        "request_id": request_id,
    }
    return Document(id=result.id, page_content=text, metadata=metadata)
