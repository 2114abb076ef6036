"""The outbox's SQL function, for whoever writes a job beside its cause in one statement."""
