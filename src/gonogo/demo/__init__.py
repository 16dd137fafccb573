"""Demo project: draws sample drawings, simulates readings of them, and fills a workspace with both."""
