"""How long tests wait for what comes about by itself: only a failure waits to the end, so the end is far."""

PATIENCE = 6  # times what a quiet machine needs at most: a busy one is no fault of the code
