from django.urls import path

from accounts.api_keys.urls import urlpatterns as programs
from accounts.authentication import views as authentication_views
from accounts.data_requests.urls import urlpatterns as data
from accounts.impersonation.urls import urlpatterns as impersonation
from accounts.oauth.urls import own as connected_apps
from accounts.security_log import views as security_log_views
from accounts.sessions import views as session_views
from accounts.subscriptions.urls import own as notifications
from accounts.users import views as pages

app_name = "accounts"
urlpatterns = [
    path("", pages.overview, name="overview"),
    path("profile/", pages.profile, name="profile"),
    path("security/", authentication_views.security, name="security"),
    path("activity/", security_log_views.activity, name="activity"),
    path("sessions/", session_views.sessions, name="sessions"),
    path("sessions/<uuid:uid>/end/", session_views.end_session, name="end_session"),
    *data,
    *impersonation,
    *programs,
    *connected_apps,
    *notifications,
]
