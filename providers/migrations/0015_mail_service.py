from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0014_texts'),
    ]

    operations = [
        migrations.AlterField(
            model_name='mailsettings',
            name='scheme',
            field=models.CharField(blank=True, default='', help_text='smtp, smtps, smtp+starttls, or a mail service', max_length=13),
        ),
    ]
