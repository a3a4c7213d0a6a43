"""The addresses of development: Django's test runner turns DEBUG off, and with it what only development has."""

from config import dev, urls

urlpatterns = [*urls.urlpatterns, *(one for one in dev.urlpatterns if one not in urls.urlpatterns)]
