"""The ledger's tables. Only the functions of audit/sql write them; person keys alone come and go.

Guards that Django cannot express (append-only triggers, the hash check, privileges) are in audit/sql.
"""

from typing import Any, ClassVar

from django.db import models


class Xid8Field(models.TextField):  # type: ignore[type-arg]  # Django's fields are not generic at run time
    """PostgreSQL's 64-bit transaction id, read as text."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002  Django's signature
        return "xid8"


class Entry(models.Model):
    """One signed fact. `body` holds the exact signed bytes; the other columns repeat it for reading."""

    seq = models.BigIntegerField(primary_key=True)
    xid = Xid8Field()
    action = models.TextField()
    subject = models.TextField()
    person = models.TextField(null=True)
    run_id = models.BigIntegerField(null=True)
    step_id = models.BigIntegerField(null=True)
    reverses = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    kid = models.TextField()
    body = models.BinaryField()
    hash = models.BinaryField()
    signature = models.BinaryField()
    prev = models.BinaryField()

    class Meta:
        db_table = "audit_entry"
        ordering: ClassVar = ["seq"]
        indexes: ClassVar = [
            # The deferred trigger of audited tables asks: did this transaction leave an entry?
            models.Index(fields=["xid", "subject"], name="audit_entry_xid_subject"),
            models.Index(fields=["subject", "seq"], name="audit_entry_subject_seq"),
            models.Index(fields=["run_id"], condition=models.Q(run_id__isnull=False), name="audit_entry_run"),
            models.Index(
                fields=["reverses"], condition=models.Q(reverses__isnull=False), name="audit_entry_reverses"
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(seq__gte=1), name="audit_entry_seq_from_one"),
            models.CheckConstraint(
                condition=models.Q(reverses__isnull=True) | models.Q(reverses__lt=models.F("seq")),
                name="audit_entry_reverses_earlier",
            ),
        ]


class Head(models.Model):
    """The end of the chain: one row, locked last by every transaction that leaves entries."""

    id = models.SmallIntegerField(primary_key=True)
    seq = models.BigIntegerField()
    hash = models.BinaryField()
    tenant = models.TextField()
    last_at = models.DateTimeField()

    class Meta:
        db_table = "audit_head"
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=1), name="audit_head_one_row"),
        ]


class SigningKey(models.Model):
    """An Ed25519 key: public as it is, private wrapped by the key-encryption key, in force from seq on."""

    kid = models.TextField(primary_key=True)
    algorithm = models.TextField()
    public_key = models.BinaryField()
    wrapped_private_key = models.BinaryField()
    valid_from = models.BigIntegerField()
    valid_to = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "audit_key"
        ordering: ClassVar = ["valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(valid_to__isnull=True), name="audit_key_one_in_force"
            ),
        ]


class DataKey(models.Model):
    """The tenant's data key (AES-256), wrapped by the key-encryption key: one row."""

    id = models.SmallIntegerField(primary_key=True)
    wrapped_key = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "audit_data_key"
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=1), name="audit_data_key_one_row"),
        ]


class PersonKey(models.Model):
    """The key of one person's data in the ledger, wrapped by the tenant's data key; deleted = erased."""

    person = models.TextField(primary_key=True)
    wrapped_key = models.BinaryField()

    class Meta:
        db_table = "audit_person_key"
