"""Presenters of the screens for work on tasks: tour, practice, annotate, history, review, adjudicate."""
