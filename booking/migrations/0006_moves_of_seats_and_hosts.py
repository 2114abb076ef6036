"""Moves of a seat to another session, and of a meeting to another host (booking/sql/seat_v1, reassign_v1)."""

import django.db.models.deletion
from django.db import migrations, models

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):

    dependencies = [
        ("booking", "0005_health"),
    ]

    operations = [
        migrations.AddField(
            model_name='move',
            name='from_host',
            field=models.ForeignKey(help_text='who hands a meeting over', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='booking.host'),
        ),
        migrations.AddField(
            model_name='move',
            name='from_meeting',
            field=models.ForeignKey(help_text='the session that a seat leaves', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='booking.meeting'),
        ),
        migrations.AddField(
            model_name='move',
            name='host',
            field=models.ForeignKey(help_text='who takes it over', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='booking.host'),
        ),
        migrations.AddConstraint(
            model_name='move',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('from_host', None), ('host', None)), models.Q(('from_host__isnull', False), ('from_meeting', None), ('host__isnull', False)), _connector='OR'), name='booking_move_kind'),
        ),
        run_sql_file("booking.sql", "seat_v1.sql"),
        run_sql_file("booking.sql", "reassign_v1.sql"),
    ]
