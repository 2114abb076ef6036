"""SQL of the shared schema."""
