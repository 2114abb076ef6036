"""What survives when processes die and providers lie."""
