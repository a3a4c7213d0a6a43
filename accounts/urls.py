from django.urls import path

from accounts import pages

app_name = "accounts"
urlpatterns = [
    path("", pages.overview, name="overview"),
    path("profile/", pages.profile, name="profile"),
]
