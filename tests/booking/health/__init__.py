"""The health check against real faults: each is made by hand, seen in words, and seen to be over."""
