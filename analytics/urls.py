from django.urls import path

from analytics import views as pages

app_name = "analytics"
urlpatterns = [path("", pages.index, name="index")]
