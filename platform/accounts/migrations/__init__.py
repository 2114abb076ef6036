"""The tables of accounts, in each tenant's schema."""
