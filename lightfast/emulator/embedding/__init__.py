"""Search by meaning: the embedder, its vectors, and the worker that makes them."""
