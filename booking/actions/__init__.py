"""The actions that the workflows are made of: a verb and its inverse share one file."""
