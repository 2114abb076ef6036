"""The documentation: its commands run, its links lead somewhere, its settings are all there."""
