"""The restore drill: a backup counts only once it was restored, verified and compared."""
