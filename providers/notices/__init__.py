"""Notices: what other programs are told. One file per kind; here webhooks, signed by Standard Webhooks."""
