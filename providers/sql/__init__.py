"""SQL of what leaves the building."""
