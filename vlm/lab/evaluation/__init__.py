"""Evaluate a model on data with known references: predictions, scores, reports, comparisons of runs."""
