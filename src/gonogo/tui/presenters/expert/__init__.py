"""Presenters of the expert's screens: review queue, rulings, groups of conflicts."""
