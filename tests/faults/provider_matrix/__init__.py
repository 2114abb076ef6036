"""Each fault of each provider at each step of the sagas that calls it: `python -m tests.faults.provider_matrix`."""
