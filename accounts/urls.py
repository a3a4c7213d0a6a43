from django.urls import URLPattern, path
from django.views.generic import RedirectView

from accounts.api_keys.urls import urlpatterns as api_keys
from accounts.authentication import views as authentication_views
from accounts.data_requests.urls import urlpatterns as data
from accounts.impersonation.urls import urlpatterns as impersonation
from accounts.oauth.urls import own as connected_apps
from accounts.security_log import views as security_log_views
from accounts.sessions import views as session_views
from accounts.subscriptions.urls import own as notifications
from accounts.users import views as user_views

app_name = "accounts"


def _moved(route: str, name: str) -> URLPattern:
    return path(route, RedirectView.as_view(pattern_name=name, permanent=True, query_string=True))


# Addresses that people may have bookmarked.
former = [
    _moved("keys/", "accounts:api_keys"),
    _moved("keys/new/", "accounts:new_api_key"),
    _moved("programs/", "accounts:connected_apps"),
    _moved("close/", "accounts:delete_account"),
    _moved("closing/", "accounts:pending_deletion"),
    _moved("act-for/<uuid:uid>/", "accounts:impersonate"),
    _moved("factor/", "mfa_authenticate"),
    _moved("factor/trust/", "mfa_trust"),
    _moved("security/app/", "mfa_activate_totp"),
    _moved("security/app/remove/", "mfa_deactivate_totp"),
    _moved("security/codes/", "mfa_view_recovery_codes"),
    _moved("security/codes/new/", "mfa_generate_recovery_codes"),
]
urlpatterns = [
    path("", user_views.overview, name="overview"),
    path("profile/", user_views.profile, name="profile"),
    path("security/", authentication_views.security, name="security"),
    path("activity/", security_log_views.activity, name="activity"),
    path("sessions/", session_views.sessions, name="sessions"),
    path("sessions/<uuid:uid>/end/", session_views.end_session, name="end_session"),
    *data,
    *impersonation,
    *api_keys,
    *connected_apps,
    *notifications,
    *former,
]
