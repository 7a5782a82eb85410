"""Faults: what a server, a network or an environment can do wrong, as data, against both faces."""
