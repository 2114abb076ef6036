from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0022_deadlines'),
    ]

    operations = [
        migrations.AddField(
            model_name='textconsent',
            name='withdrawn_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='textconsent',
            name='number',
            field=models.CharField(blank=True, max_length=16),
        ),
        migrations.AddConstraint(
            model_name='textconsent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('withdrawn_at', None), models.Q(('number', ''), _negated=True)), models.Q(('number', ''), ('withdrawn_at__isnull', False)), _connector='OR'), name='text_consent_number_until_withdrawn'),
        ),
    ]
