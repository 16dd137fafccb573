"""Text of the judged box: its angle, height and strokes, measured from ink. Child process only."""
