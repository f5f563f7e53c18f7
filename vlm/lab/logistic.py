"""Logistic regression by Newton's method: a dozen lines, and no further library. P pairs, F measures."""

import numpy as np
from numpy.typing import NDArray

RIDGE = 1e-6  # a pair: measures that part right from wrong without any error get finite weights
STEPS = 60

Floats = NDArray[np.float64]


def logistic(measured: Floats, right: Floats) -> Floats:
    """Weights [F] with which measured [P, F] predict right [P], 0 or 1. The constant is not returned."""
    deviations = np.maximum(measured.std(axis=0), 1e-9)
    columns = np.column_stack([measured / deviations, np.ones(len(measured))])  # [P, F + 1]
    ridge = RIDGE * len(measured) * np.diag([1.0] * measured.shape[1] + [1e-6])
    weights = np.zeros(columns.shape[1])
    for _ in range(STEPS):
        expected = 1 / (1 + np.exp(-np.clip(columns @ weights, -40, 40)))
        slope = columns.T @ (expected - right) + ridge @ weights
        curve = (columns * (expected * (1 - expected))[:, None]).T @ columns + ridge
        step = np.linalg.solve(curve, slope)
        weights -= np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-8:
            break
    coefficients: Floats = weights[:-1] / deviations
    return coefficients
