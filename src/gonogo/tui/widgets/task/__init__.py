"""Widgets of a question: its prompt, its value, the correction, the gate of its answer."""
