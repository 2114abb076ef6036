"""The platform's own console: which businesses there are, where, in which state."""
