"""Render process: opens drawings and renders views, in a sandbox. `main` is the loop, `draw` the steps."""
