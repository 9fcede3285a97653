"""The neutral model: plain data that the engine, pyhf, zfit and the file formats all read."""
