"""Mail services: mail leaves by a vendor's HTTP API instead of SMTP (django-anymail), whole as it was put together."""
