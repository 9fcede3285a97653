"""Bridges: the neutral model as a pyhf workspace, a zfit loss, files. No peer is imported before its use."""
