"""Model report: how far the predictions of a run can be trusted alone, by known outcomes."""
