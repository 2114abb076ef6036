"""One page, one function: parse, one domain call, present."""
