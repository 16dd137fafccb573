"""A sample project, drawn and predicted by our own code."""
