from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0016_zoom_asked_until'),
    ]

    operations = [
        migrations.AddField(
            model_name='calendarentry',
            name='put_by_owner',
            field=models.BooleanField(default=False),
        ),
    ]
