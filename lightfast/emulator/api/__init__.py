"""The HTTP contract: requests, responses and errors of each API revision."""
