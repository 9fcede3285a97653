"""Several models as one: names matched, definitions compared, correlations applied. No files."""
