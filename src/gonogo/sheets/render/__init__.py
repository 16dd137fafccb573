"""Render process: opens drawings and renders views. Runs in a sandbox; see `main` for the loop, `draw` for the steps."""
