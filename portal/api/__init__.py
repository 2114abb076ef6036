"""API v1: slots and bookings as JSON, errors as RFC 9457 problem documents."""
