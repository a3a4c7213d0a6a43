from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('shop', '0002_guards'),
    ]

    operations = [
        migrations.AddField(
            model_name='webhookinbox',
            name='body',
            field=models.BinaryField(db_default=b'', verbose_name='as it came'),
        ),
        migrations.AlterField(
            model_name='webhookinbox',
            name='payload',
            field=models.JSONField(default=dict, verbose_name='what it is about'),
        ),
    ]
