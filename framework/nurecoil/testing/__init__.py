"""What plugin authors and tests stand on: small models and, later, the conformance suite."""
