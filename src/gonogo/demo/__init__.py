"""Demo project: four sample drawings, simulated predictions and simulated annotators."""
