"""Consensus: computes a verdict for each task and an error rate for each annotator from the votes.

`methods` runs a campaign's method on all its votes (numpy). `decide` and `values` are plain Python, cheap enough to run
inside a submit.
"""
