"""What the contention lab keeps: its tests of sandbox tenants, and every answer that a client got."""

from django.db import models
from django.db.models import Q

from tenants.models import Tenant


class ContentionTest(models.Model):
    """Many clients who want the same time at one moment, over HTTP, and what became of it."""

    class Scenario(models.TextChoices):
        SAME_SLOT = "same_slot"
        ROUND_ROBIN = "round_robin"
        OVERLAPPING = "overlapping"

    class State(models.TextChoices):
        QUEUED = "queued"  # -> running
        RUNNING = "running"  # -> done, failed (the worker died, or there was nothing to want)
        DONE = "done"
        FAILED = "failed"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="contention_tests")
    scenario = models.CharField(max_length=12, choices=Scenario.choices)
    clients = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    wanted = models.CharField(
        max_length=200, blank=True, default="", help_text="what they all want, in words"
    )
    expected = models.PositiveIntegerField(null=True, help_text="how many of them can have it")
    broken = models.JSONField(default=list, help_text="the checker's findings, in words")
    passed = models.BooleanField(null=True)
    verdict = models.CharField(max_length=400, blank=True, default="")
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="tenants_contentiontest_clients", condition=Q(clients__gte=1, clients__lte=200)
            ),
            models.UniqueConstraint(
                name="tenants_contentiontest_one_at_a_time",
                fields=["tenant"],
                condition=Q(state__in=["queued", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scenario} × {self.clients} ({self.state})"


class ContentionAnswer(models.Model):
    """One client's answer: milliseconds from the gate to its end, and from its sending; status 0 is no answer."""

    test = models.ForeignKey(ContentionTest, on_delete=models.CASCADE, related_name="answers")
    number = models.PositiveIntegerField()
    at_ms = models.PositiveIntegerField()
    latency_ms = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="tenants_contentionanswer_once", fields=["test", "number"])
        ]

    def __str__(self) -> str:
        return f"client {self.number}: {self.status}"
