"""The pass that a test's clients show: it lifts the public rate limit for that test, at sandbox tenants only.

Signed with the installation's secret, bound to one tenant's schema, good for two minutes: nobody else can make one,
and at a business it opens nothing.
"""

from django.core import signing

from tenants.api import Tenant

HEADER = "Holdfast-Contention"
_SALT = "holdfast.contention"
_GOOD_FOR_SECONDS = 120


def make_pass(test_id: int, *, schema: str) -> str:
    """Return the header's value for one test of that tenant."""
    return signing.TimestampSigner(salt=_SALT).sign(f"{schema}:{test_id}")


def is_pass(said: str, *, tenant: Tenant) -> bool:
    """Say whether this header's value is a live pass for this tenant, and the tenant a sandbox."""
    if not said or not tenant.sandbox:
        return False
    try:
        signed = signing.TimestampSigner(salt=_SALT).unsign(said, max_age=_GOOD_FOR_SECONDS)
    except signing.BadSignature:
        return False
    return bool(signed.partition(":")[0] == tenant.schema_name)
