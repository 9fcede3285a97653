"""The fast engine: compiled models, the second-order minimiser and MINUIT as its cross-check."""
