"""Work in chunks, in this process, in several, or on a cluster. Knows nothing of toys and models."""
