"""Who may sign in to a tenant's portal, and which keys may call its API; lives in each tenant's own schema."""
