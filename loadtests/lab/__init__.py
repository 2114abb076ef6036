"""What the load laboratory and the bench share: an installation to load, its CPU, the truth in its database."""
