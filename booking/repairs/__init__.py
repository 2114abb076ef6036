"""The fixer's repairs: one file per fault that it knows, behind one registry (`registry.REPAIRS`)."""
