"""A reversal that failed has undone nothing: the run that it was to undo can be reversed again."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0007_take_up'),
    ]

    operations = [
        migrations.AlterField(
            model_name='run',
            name='reverses',
            field=models.ForeignKey(help_text='the run that this one undoes; one that failed has undone nothing', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversals', to='audit.run'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.UniqueConstraint(condition=models.Q(('reverses__isnull', False), models.Q(('state', 'failed'), _negated=True)), fields=('reverses',), name='audit_run_reversed_once'),
        ),
    ]
