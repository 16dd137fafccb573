"""Drawings: locate, fetch, cache and render them for a terminal.

Other packages take:

- `drawing_service.DrawingService`, the only way to a rendered view, and `fetch.DrawingFetcher` to construct it;
- `models` for requests and pictures, `picture_modes` for the table of modes;
- `terminal.kitty` and `terminal.sixel`, which encode pixels for the terminal.

`render` is the code of the child process, which alone opens files that may be hostile. Importing this package loads
nothing: numpy, Pillow and PDFium stay in the child, httpx loads with the first fetch.
"""
