"""Presenters that all rooms share: formats, columns of a table, empty-state cards, key hints, subjects."""
