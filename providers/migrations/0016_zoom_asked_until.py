from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0015_mail_service'),
    ]

    operations = [
        migrations.AddField(
            model_name='zoommeeting',
            name='asked_until',
            field=models.DateTimeField(null=True),
        ),
    ]
