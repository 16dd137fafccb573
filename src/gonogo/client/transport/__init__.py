"""Transport of the client: prepared requests, HTTP, retries, and the parsing of responses."""
