"""The client's pages: choose, book, follow, change. No account, no cookie, no script needed."""
