"""What plugin authors and tests stand on: the conformance suite, new plugins from templates, small models."""
