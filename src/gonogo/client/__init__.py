"""Speaks the wire over HTTP: one small typed method an operation.

Import what is needed from its module (`client.labeling`, `client.extensions`, `client.errors`, …); this package
imports nothing by itself, because `errors` and `credential` are needed where httpx is not.
"""
