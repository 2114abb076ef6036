"""The manifests: rendered, held against the published schemas, and against what they say of each other."""
