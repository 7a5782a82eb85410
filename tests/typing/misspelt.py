"""Mistakes that type checkers must find: names that do not exist, also not at run time. Never run."""

from lightfast import AsyncLigthfast, SearchFilter

print(AsyncLigthfast, SearchFilter)
