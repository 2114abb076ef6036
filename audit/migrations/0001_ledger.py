"""The ledger: its tables, then its guards and its only door (audit/sql/ledger_v1.sql)."""

import audit.models.entries
from django.db import migrations, models

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='PersonKey',
            fields=[
                ('person', models.TextField(primary_key=True, serialize=False)),
                ('wrapped_key', models.BinaryField()),
            ],
            options={
                'db_table': 'audit_person_key',
            },
        ),
        migrations.CreateModel(
            name='DataKey',
            fields=[
                ('id', models.SmallIntegerField(primary_key=True, serialize=False)),
                ('wrapped_key', models.BinaryField()),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'audit_data_key',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='audit_data_key_one_row')],
            },
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('seq', models.BigIntegerField(primary_key=True, serialize=False)),
                ('xid', audit.models.entries.Xid8Field()),
                ('action', models.TextField()),
                ('subject', models.TextField()),
                ('person', models.TextField(null=True)),
                ('run_id', models.BigIntegerField(null=True)),
                ('step_id', models.BigIntegerField(null=True)),
                ('reverses', models.BigIntegerField(null=True)),
                ('created_at', models.DateTimeField()),
                ('kid', models.TextField()),
                ('body', models.BinaryField()),
                ('hash', models.BinaryField()),
                ('signature', models.BinaryField()),
                ('prev', models.BinaryField()),
            ],
            options={
                'db_table': 'audit_entry',
                'ordering': ['seq'],
                'indexes': [models.Index(fields=['xid', 'subject'], name='audit_entry_xid_subject'), models.Index(fields=['subject', 'seq'], name='audit_entry_subject_seq'), models.Index(condition=models.Q(('run_id__isnull', False)), fields=['run_id'], name='audit_entry_run'), models.Index(condition=models.Q(('reverses__isnull', False)), fields=['reverses'], name='audit_entry_reverses')],
                'constraints': [models.CheckConstraint(condition=models.Q(('seq__gte', 1)), name='audit_entry_seq_from_one'), models.CheckConstraint(condition=models.Q(('reverses__isnull', True), ('reverses__lt', models.F('seq')), _connector='OR'), name='audit_entry_reverses_earlier')],
            },
        ),
        migrations.CreateModel(
            name='Head',
            fields=[
                ('id', models.SmallIntegerField(primary_key=True, serialize=False)),
                ('seq', models.BigIntegerField()),
                ('hash', models.BinaryField()),
                ('tenant', models.TextField()),
                ('last_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'audit_head',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='audit_head_one_row')],
            },
        ),
        migrations.CreateModel(
            name='SigningKey',
            fields=[
                ('kid', models.TextField(primary_key=True, serialize=False)),
                ('algorithm', models.TextField()),
                ('public_key', models.BinaryField()),
                ('wrapped_private_key', models.BinaryField()),
                ('valid_from', models.BigIntegerField()),
                ('valid_to', models.BigIntegerField(null=True)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'audit_key',
                'ordering': ['valid_from'],
                'constraints': [models.UniqueConstraint(models.Value(1), condition=models.Q(('valid_to__isnull', True)), name='audit_key_one_in_force')],
            },
        ),
        run_sql_file('audit.sql', 'ledger_v1.sql'),
    ]
