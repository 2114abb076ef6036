"""The room, over HTTP."""
