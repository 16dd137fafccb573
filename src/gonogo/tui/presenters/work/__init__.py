"""Presenters of the screens for work on tasks: tour, practice, annotate, equal values, history, whole sheet."""
