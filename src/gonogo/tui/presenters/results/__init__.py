"""Presenters of the results screens."""
