"""The contention lab's engine: many clients want one time of a sandbox, over HTTP; then the database is asked."""
