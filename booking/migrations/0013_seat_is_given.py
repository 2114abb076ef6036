"""A live booking has a seat number: NULL slipped through the check of 0007."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0012_message_wordings'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='booking',
            name='booking_booking_seat_given',
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['held', 'pending', 'awaiting_link', 'confirmed']), _negated=True), models.Q(('seat_number__gte', 1), ('seat_number__isnull', False)), _connector='OR'), name='booking_booking_seat_given'),
        ),
    ]
