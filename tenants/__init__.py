"""Tenants: which businesses exist, at which addresses, and how one is made. Lives in the public schema."""
