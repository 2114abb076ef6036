"""Tests of the portal of a business: its owner, one of its hosts, and a stranger on every page."""
