"""The compiled kernel: value, gradient, second derivatives and fits of any model over flat arrays (numba)."""
