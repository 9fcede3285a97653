"""Inference on any model: fits, profiles, limits, expected limits. It knows no experiment and no search."""
