"""API schemas: pydantic models of both APIs, the error envelope, and the enumerations. No I/O.

Import from the modules; importing the package loads nothing, because `verdicts` and `enums` are on the start path.
"""
