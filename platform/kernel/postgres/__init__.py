"""The database backend: django-tenants', wrapped so that a failed SET search_path can never be swallowed."""
