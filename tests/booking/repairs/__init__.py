"""The fixer against real faults: each is made by hand, found in words, mended once, and its undo read."""
