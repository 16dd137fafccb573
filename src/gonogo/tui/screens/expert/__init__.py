"""Screens of the expert: review queue, adjudication, contact sheet, groups of conflicts."""
