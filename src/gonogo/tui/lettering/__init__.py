"""Lettering: one face for values, drawn in quarter cells at any height, and the layout of a value in it."""
