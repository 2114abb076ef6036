"""Named mutations of the product, each with the test of a promise that it must turn red (docs/mutants.md)."""
