"""Jobs and results in Redis streams."""
