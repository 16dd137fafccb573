"""Import from a Label Studio ML backend: sends it the drawings of a folder, and imports what it reads there."""
