"""Accounts connected by OAuth; calendars that are followed, and what their owners did to our events."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0007_chats'),
    ]

    operations = [
        migrations.CreateModel(
            name='OAuthApp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('vendor', models.CharField(max_length=20, unique=True)),
                ('client_id', models.CharField(max_length=255)),
                ('sealed_secret', models.BinaryField()),
                ('directory', models.CharField(blank=True, default='', max_length=100)),
                ('changed_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='VendorMeeting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120, unique=True)),
                ('kind', models.CharField(max_length=20)),
                ('meeting_uid', models.CharField(db_index=True, max_length=40)),
                ('remote_id', models.CharField(max_length=1024)),
                ('url', models.URLField(max_length=1000)),
                ('created_at', models.DateTimeField()),
                ('cancelled_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name='calendar',
            name='resynced_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='calendar',
            name='synced_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='calendar',
            name='sync_token',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.CreateModel(
            name='CalendarChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('host_id', models.BigIntegerField()),
                ('uid', models.CharField(max_length=255)),
                ('kind', models.CharField(choices=[('moved', 'Moved'), ('deleted', 'Deleted')], max_length=8)),
                ('etag', models.CharField(blank=True, default='', max_length=255)),
                ('starts_at', models.DateTimeField(null=True)),
                ('ends_at', models.DateTimeField(null=True)),
                ('seen_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(null=True)),
                ('answer', models.CharField(blank=True, default='', max_length=40)),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='providers.calendar')),
            ],
        ),
        migrations.CreateModel(
            name='CalendarChannel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('token_hash', models.CharField(max_length=64)),
                ('remote_id', models.CharField(blank=True, default='', max_length=255)),
                ('expires_at', models.DateTimeField()),
                ('created_at', models.DateTimeField()),
                ('heard_at', models.DateTimeField(null=True)),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='channels', to='providers.calendar')),
            ],
        ),
        migrations.CreateModel(
            name='CalendarEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.CharField(max_length=255)),
                ('remote_id', models.CharField(db_index=True, max_length=1024)),
                ('etag', models.CharField(max_length=255)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('written_at', models.DateTimeField()),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='providers.calendar')),
            ],
        ),
        migrations.CreateModel(
            name='OAuthAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('vendor', models.CharField(max_length=20)),
                ('host_id', models.BigIntegerField(db_index=True)),
                ('subject', models.CharField(max_length=254)),
                ('client_id', models.CharField(max_length=255)),
                ('directory', models.CharField(blank=True, default='', max_length=100)),
                ('scopes', models.JSONField(default=list)),
                ('sealed_refresh_token', models.BinaryField()),
                ('sealed_access_token', models.BinaryField()),
                ('access_expires_at', models.DateTimeField()),
                ('version', models.PositiveIntegerField(default=1)),
                ('renewing_until', models.DateTimeField(null=True)),
                ('connected_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_words', models.TextField(blank=True, default='')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('host_id', 'vendor', 'subject'), name='oauth_account_once'), models.CheckConstraint(condition=models.Q(('vendor__in', ('google', 'microsoft'))), name='oauth_account_vendor')],
            },
        ),
        migrations.AddField(
            model_name='calendarconnection',
            name='account',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='connection', to='providers.oauthaccount'),
        ),
        migrations.AddConstraint(
            model_name='calendarconnection',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('account__isnull', True), ('kind', 'caldav')), models.Q(('account__isnull', False), ('kind__in', ['google', 'microsoft'])), _connector='OR'), name='calendar_connection_kind'),
        ),
        migrations.AddConstraint(
            model_name='oauthapp',
            constraint=models.CheckConstraint(condition=models.Q(('vendor__in', ('google', 'microsoft'))), name='oauth_app_vendor'),
        ),
        migrations.AddField(
            model_name='vendormeeting',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='meetings', to='providers.oauthaccount'),
        ),
        migrations.AddField(
            model_name='vendormeeting',
            name='calendar',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='providers.calendar'),
        ),
        migrations.AddConstraint(
            model_name='calendarchange',
            constraint=models.UniqueConstraint(fields=('calendar', 'uid', 'kind', 'etag', 'starts_at'), name='calendar_change_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='calendarchange',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ends_at__isnull', True), ('kind', 'deleted'), ('starts_at__isnull', True)), models.Q(('ends_at__isnull', False), ('kind', 'moved'), ('starts_at__isnull', False)), _connector='OR'), name='calendar_change_is_whole'),
        ),
        migrations.AddConstraint(
            model_name='calendarentry',
            constraint=models.UniqueConstraint(fields=('calendar', 'uid'), name='calendar_entry_once'),
        ),
    ]
