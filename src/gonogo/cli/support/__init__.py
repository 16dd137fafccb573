"""Support of the commands: exit codes and errors, output, shared options, and the client of their server."""
