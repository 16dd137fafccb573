"""Updates of tasks by a newer run of the model: which task is whose, what changes, and where it stands then."""
