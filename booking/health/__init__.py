"""The health check: one file per promise that it proves, behind one registry (`registry.PROBES`)."""
