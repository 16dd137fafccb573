"""Places of drawings: where the server keeps their bytes. The database by default, a folder, or an object store."""
