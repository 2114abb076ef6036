"""Tests of accounts: users, keys, counters, the adapter."""
