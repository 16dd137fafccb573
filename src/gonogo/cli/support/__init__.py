"""Shared code of the commands: exit codes, error handling, output, options, and API clients."""
