"""Several schedules, out of office, holidays, offset, fixed windows, limits (booking/sql/schedules_v1, limits_v1)."""

import django.db.models.deletion
from django.db import migrations, models

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0009_catalog'),
    ]

    operations = [
        migrations.CreateModel(
            name='BusinessHolidays',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('country', models.CharField(blank=True, default='', help_text='ISO 3166-1; empty: none', max_length=4)),
                ('region', models.CharField(blank=True, default='', max_length=12)),
            ],
        ),
        migrations.CreateModel(
            name='OutOfOffice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_date', models.DateField()),
                ('last_date', models.DateField()),
                ('start_minute', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('end_minute', models.PositiveSmallIntegerField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name='eventtype',
            name='limits',
            field=models.JSONField(blank=True, default=list, help_text='period, unit, most: booking.core.limits'),
        ),
        migrations.AddField(
            model_name='eventtype',
            name='slot_offset_minutes',
            field=models.PositiveIntegerField(default=0, help_text='the first start of each stretch of hours comes so much later'),
        ),
        migrations.AddField(
            model_name='eventtype',
            name='window_first_date',
            field=models.DateField(blank=True, help_text='a fixed window, in place of days', null=True),
        ),
        migrations.AddField(
            model_name='eventtype',
            name='window_last_date',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='eventtypehost',
            name='schedule',
            field=models.ForeignKey(blank=True, help_text='else the default', null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='booking.schedule'),
        ),
        migrations.AddField(
            model_name='host',
            name='holiday_country',
            field=models.CharField(blank=True, default='', help_text="ISO 3166-1; empty: the business's; none: no holidays", max_length=4),
        ),
        migrations.AddField(
            model_name='host',
            name='holiday_region',
            field=models.CharField(blank=True, default='', help_text='ISO 3166-2, its part', max_length=12),
        ),
        migrations.AddField(
            model_name='host',
            name='limits',
            field=models.JSONField(blank=True, default=list, help_text='period, unit, most: booking.core.limits'),
        ),
        migrations.AddField(
            model_name='schedule',
            name='is_default',
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name='eventtype',
            constraint=models.CheckConstraint(condition=models.Q(('slot_offset_minutes__lt', models.F('slot_interval_minutes'))), name='booking_eventtype_offset'),
        ),
        migrations.AddConstraint(
            model_name='eventtype',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('window_first_date', None), ('window_last_date', None)), models.Q(('window_first_date__isnull', False), ('window_last_date__gte', models.F('window_first_date')), ('window_last_date__isnull', False)), _connector='OR'), name='booking_eventtype_window'),
        ),
        migrations.AddConstraint(
            model_name='schedule',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('host',), name='booking_schedule_one_default'),
        ),
        migrations.AddConstraint(
            model_name='schedule',
            constraint=models.UniqueConstraint(fields=('host', 'name'), name='booking_schedule_name_once'),
        ),
        migrations.AddConstraint(
            model_name='businessholidays',
            constraint=models.CheckConstraint(condition=models.Q(('id', 1)), name='booking_businessholidays_one'),
        ),
        migrations.AddField(
            model_name='outofoffice',
            name='host',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='out_of_office', to='booking.host'),
        ),
        migrations.AddField(
            model_name='outofoffice',
            name='redirect',
            field=models.ForeignKey(blank=True, help_text='whom clients may ask', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='booking.host'),
        ),
        migrations.AddConstraint(
            model_name='outofoffice',
            constraint=models.CheckConstraint(condition=models.Q(('last_date__gte', models.F('first_date'))), name='booking_outofoffice_dates'),
        ),
        migrations.AddConstraint(
            model_name='outofoffice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end_minute', None), ('start_minute', None)), models.Q(('start_minute__isnull', False), ('start_minute__lt', 1440), ('end_minute__gt', models.F('start_minute')), ('end_minute__isnull', False), ('end_minute__lte', 2880)), _connector='OR'), name='booking_outofoffice_part'),
        ),
        migrations.AddConstraint(
            model_name='outofoffice',
            constraint=models.CheckConstraint(condition=models.Q(('redirect', models.F('host')), _negated=True), name='booking_outofoffice_other'),
        ),
        run_sql_file("booking.sql", "schedules_v1.sql"),
        run_sql_file("booking.sql", "limits_v1.sql"),
    ]
