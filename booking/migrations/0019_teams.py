"""Microsoft Teams is a place to meet."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0018_facts_beside'),
    ]

    operations = [
        migrations.AlterField(
            model_name='eventtype',
            name='location_kind',
            field=models.CharField(choices=[('built_in_room', 'Built In Room'), ('fixed_link', 'Fixed Link'), ('google_meet', 'Google Meet'), ('jitsi', 'Jitsi'), ('microsoft_teams', 'Microsoft Teams'), ('in_person', 'In Person'), ('phone', 'Phone')], default='built_in_room', max_length=16),
        ),
        migrations.AlterField(
            model_name='meeting',
            name='location_kind',
            field=models.CharField(choices=[('built_in_room', 'Built In Room'), ('fixed_link', 'Fixed Link'), ('google_meet', 'Google Meet'), ('jitsi', 'Jitsi'), ('microsoft_teams', 'Microsoft Teams'), ('in_person', 'In Person'), ('phone', 'Phone')], max_length=16),
        ),
    ]
