"""Presenters of the lead's screens: campaigns, settings, annotators, gold, the model, quality."""
