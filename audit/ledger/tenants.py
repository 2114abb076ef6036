"""Which schemas have a ledger: asked of django-tenants' model, since this app knows no other app."""

from django_tenants.utils import get_tenant_model

from kernel.tenancy import PUBLIC, entered


def schemas() -> list[str]:
    """The schemas of all tenants that are ready, in order. One query."""
    with entered(PUBLIC):
        ready = get_tenant_model().objects.filter(ready_at__isnull=False)
        return list(ready.order_by("schema_name").values_list("schema_name", flat=True))


def schemas_named(name: str | None) -> list[tuple[str, str]]:
    """(schema, short name) of the tenant with this short name or schema; of all for None. One query."""
    with entered(PUBLIC):
        ready = get_tenant_model().objects.filter(ready_at__isnull=False)
        rows = list(ready.order_by("slug").values_list("schema_name", "slug"))
    return [(schema, slug) for schema, slug in rows if name in (None, slug, schema)]
