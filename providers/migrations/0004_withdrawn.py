"""A message or notice that nobody shall be told any more is withdrawn."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0003_room_participants'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='message',
            name='message_state',
        ),
        migrations.RemoveConstraint(
            model_name='notice',
            name='notice_state',
        ),
        migrations.AlterField(
            model_name='message',
            name='state',
            field=models.CharField(choices=[('queued', 'Waiting to be sent'), ('sending', 'Being sent'), ('sent', 'Sent'), ('failed', 'Not sent'), ('withdrawn', 'Withdrawn')], default='queued', max_length=10),
        ),
        migrations.AlterField(
            model_name='notice',
            name='state',
            field=models.CharField(choices=[('queued', 'Waiting to be sent'), ('sending', 'Being sent'), ('sent', 'Sent'), ('failed', 'Not sent'), ('withdrawn', 'Withdrawn')], default='queued', max_length=10),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ('queued', 'sending', 'sent', 'failed', 'withdrawn'))), name='message_state'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ('queued', 'sending', 'sent', 'failed', 'withdrawn'))), name='notice_state'),
        ),
    ]
