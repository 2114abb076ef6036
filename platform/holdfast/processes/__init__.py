"""Child processes: tied to their parent, watched, restarted, stopped in order."""
