"""Widgets of a drawing: its crop in cells or pixels, tiles, previews."""
