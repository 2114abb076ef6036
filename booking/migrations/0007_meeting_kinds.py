"""Meeting kinds: rooms and equipment, numbered seats, series, weights, choices, approval, locks (booking/sql)."""

import django.db.models.deletion
from django.db import migrations, models

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0006_moves_of_seats_and_hosts'),
    ]

    operations = [
        migrations.CreateModel(
            name='EventTypeResource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('need', models.CharField(choices=[('all', 'All'), ('any', 'Any')], max_length=3)),
            ],
            options={
                'ordering': ('resource_id',),
            },
        ),
        migrations.CreateModel(
            name='MeetingResource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
            options={
                'ordering': ('resource_id',),
            },
        ),
        migrations.CreateModel(
            name='Series',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('uid', models.CharField(max_length=20, unique=True)),
                ('created_at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='booking',
            name='seat_number',
            field=models.PositiveSmallIntegerField(help_text="1 to the meeting's capacity, unique among its live ones; given by the database", null=True),
        ),
        migrations.AddField(
            model_name='eventtype',
            name='approval_minutes',
            field=models.PositiveIntegerField(default=1440, help_text='how long a host has to approve; never beyond the start'),
        ),
        migrations.AddField(
            model_name='eventtype',
            name='locked',
            field=models.BooleanField(default=False, help_text='by the business: its hosts may not change it'),
        ),
        migrations.AddField(
            model_name='eventtype',
            name='more_durations',
            field=models.JSONField(blank=True, default=list, help_text='other lengths to choose from, in minutes, ascending'),
        ),
        migrations.AddField(
            model_name='eventtype',
            name='more_locations',
            field=models.JSONField(blank=True, default=list, help_text='other places to choose from: kind and detail of each'),
        ),
        migrations.AddField(
            model_name='eventtype',
            name='series_most',
            field=models.PositiveSmallIntegerField(default=0, help_text='how many dates may be booked at once; 0: one at a time'),
        ),
        migrations.AddField(
            model_name='eventtypehost',
            name='weight',
            field=models.PositiveSmallIntegerField(default=1, help_text='its share among hosts of one priority'),
        ),
        migrations.AddField(
            model_name='resource',
            name='active',
            field=models.BooleanField(default=True, help_text='of rooms and equipment; a host has its own'),
        ),
        migrations.AddConstraint(
            model_name='eventtypehost',
            constraint=models.CheckConstraint(condition=models.Q(('weight__gte', 1)), name='booking_eventtypehost_weight'),
        ),
        migrations.AddField(
            model_name='eventtyperesource',
            name='event_type',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='event_type_resources', to='booking.eventtype'),
        ),
        migrations.AddField(
            model_name='eventtyperesource',
            name='resource',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='booking.resource'),
        ),
        migrations.AddField(
            model_name='eventtype',
            name='resources',
            field=models.ManyToManyField(related_name='event_types', through='booking.EventTypeResource', to='booking.resource'),
        ),
        migrations.AddConstraint(
            model_name='eventtype',
            constraint=models.CheckConstraint(condition=models.Q(('approval_minutes__gte', 5)), name='booking_eventtype_approval'),
        ),
        migrations.AddConstraint(
            model_name='eventtype',
            constraint=models.CheckConstraint(condition=models.Q(('series_most', 0), models.Q(('kind', 'group'), _negated=True), _connector='OR'), name='booking_eventtype_series'),
        ),
        migrations.AddField(
            model_name='meetingresource',
            name='meeting',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='meeting_resources', to='booking.meeting'),
        ),
        migrations.AddField(
            model_name='meetingresource',
            name='resource',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='booking.resource'),
        ),
        migrations.AddField(
            model_name='meeting',
            name='resources',
            field=models.ManyToManyField(related_name='meetings', through='booking.MeetingResource', to='booking.resource'),
        ),
        migrations.AddField(
            model_name='series',
            name='event_type',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='booking.eventtype'),
        ),
        migrations.AddField(
            model_name='booking',
            name='series',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bookings', to='booking.series'),
        ),
        run_sql_file("booking.sql", "seat_numbers_v1.sql"),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['held', 'pending', 'awaiting_link', 'confirmed']), _negated=True), ('seat_number__gte', 1), _connector='OR'), name='booking_booking_seat_given'),
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['held', 'pending', 'awaiting_link', 'confirmed'])), fields=('meeting', 'seat_number'), name='booking_booking_seat_once'),
        ),
        migrations.AddConstraint(
            model_name='eventtyperesource',
            constraint=models.UniqueConstraint(fields=('event_type', 'resource'), name='booking_eventtyperesource_once'),
        ),
        migrations.AddConstraint(
            model_name='meetingresource',
            constraint=models.UniqueConstraint(fields=('meeting', 'resource'), name='booking_meetingresource_once'),
        ),
        run_sql_file("booking.sql", "resources_v1.sql"),
        run_sql_file("booking.sql", "series_v1.sql"),
    ]
