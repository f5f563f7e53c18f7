"""Drawn scenes, a small BLIP-2 and a small M2M100 trained on them, data sets, metrics and evaluation."""
