"""Watched folder of an import: which files in it are whole, and what becomes of them."""
