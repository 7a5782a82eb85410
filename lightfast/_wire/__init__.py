"""JSON and values: pure, without a socket or a clock."""
