"""HistFactory XML with its ROOT inputs, read."""
