from django.urls import path

from accounts import pages
from accounts.data.urls import urlpatterns as data
from accounts.impersonation.urls import urlpatterns as impersonation
from accounts.programs.urls import urlpatterns as programs
from accounts.subscriptions.urls import own as notifications

app_name = "accounts"
urlpatterns = [
    path("", pages.overview, name="overview"),
    path("profile/", pages.profile, name="profile"),
    path("security/", pages.security, name="security"),
    path("activity/", pages.activity, name="activity"),
    path("sessions/", pages.sessions, name="sessions"),
    path("sessions/<uuid:uid>/end/", pages.end_session, name="end_session"),
    *data,
    *impersonation,
    *programs,
    *notifications,
]
