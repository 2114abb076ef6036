"""Runs and steps: what the automation set out to do, how far it came, and what was taken back."""

from django.db import models


class Run(models.Model):
    """One performance of a workflow. `payload` holds ids only."""

    class State(models.TextChoices):
        RUNNING = "running"  # -> done, failing, stopped
        STOPPED = "stopped"  # a required step failed for good, a person decides -> running, failing
        FAILING = "failing"  # a required step failed for good; what was started is being undone -> failed
        FAILED = "failed"
        DONE = "done"

    id = models.BigAutoField(primary_key=True)
    workflow = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)
    payload = models.JSONField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    actor_type = models.CharField(max_length=12)
    actor_id = models.CharField(max_length=80)
    failure_code = models.CharField(max_length=30, blank=True, default="")
    failure_words = models.TextField(blank=True, default="")
    reverses = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="reversals",
        help_text="the run that this one undoes; one that failed has undone nothing",
    )
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="audit_run_reversed_once",
                fields=["reverses"],
                condition=models.Q(reverses__isnull=False) & ~models.Q(state="failed"),
            ),
        ]
        indexes = [
            models.Index(name="audit_run_subject", fields=["subject"]),
            models.Index(name="audit_run_recent", fields=["-started_at", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.workflow} {self.id} ({self.state})"


class Step(models.Model):
    """One action of a run. The intent (`started`) is committed before anything leaves the building."""

    class State(models.TextChoices):
        WAITING = "waiting"  # -> started
        STARTED = "started"  # intent committed -> done, waiting (again later), failed
        DONE = "done"  # -> undoing
        FAILED = "failed"  # for good -> undoing (its effect may exist)
        UNDOING = "undoing"  # -> undone, undo_failed
        UNDONE = "undone"
        UNDO_FAILED = "undo_failed"
        SKIPPED = "skipped"  # the run ended before it, or went another way

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=40)
    required = models.BooleanField()
    state = models.CharField(max_length=11, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    repeats = models.PositiveIntegerField(
        default=0, help_text="started again after a crash between effect and commit"
    )
    undo_attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("position",)
        constraints = [models.UniqueConstraint(name="audit_step_position", fields=["run", "position"])]

    def __str__(self) -> str:
        return f"{self.action} ({self.state})"
