"""Accounts connected by OAuth 2: who may be asked, the way there and back, tokens sealed and renewed."""
