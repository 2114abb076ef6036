"""Template tags of the portal; one library per file."""
