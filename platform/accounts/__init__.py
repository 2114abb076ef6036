"""Who may sign in to a tenant's portal, and which keys may call its API; kept in each tenant's schema."""
