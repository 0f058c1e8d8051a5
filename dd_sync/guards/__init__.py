"""Guards: the short form of a monitor, compiled to a query, thresholds and options."""
