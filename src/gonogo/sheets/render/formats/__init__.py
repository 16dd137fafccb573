"""Drawing formats: one module a file type, and the choice among them. Child process only."""
