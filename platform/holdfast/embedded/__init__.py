"""The services that `bin/run` starts itself when no address of a real one is given."""
