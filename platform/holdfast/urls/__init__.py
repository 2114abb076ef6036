"""One URL configuration per kind of host; tenants.middleware picks it."""
