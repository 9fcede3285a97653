"""Results for people: plots and tables. Nothing is computed here that a result does not hold."""
