"""URLs of social accounts."""

from allauth.socialaccount import views
from allauth.urls import build_provider_urlpatterns
from django.urls import URLPattern, URLResolver, path

from accounts.social import openid
from accounts.social import views as pages
from accounts.social.views import allow_provider_forms

urlpatterns: list[URLPattern | URLResolver] = [
    path("connections/", allow_provider_forms(pages.connections), name="socialaccount_connections"),
    path("connections/signup/", views.signup, name="socialaccount_signup"),
    path("connections/cancelled/", views.login_cancelled, name="socialaccount_login_cancelled"),
    path("connections/error/", views.login_error, name="socialaccount_login_error"),
    path("oidc/<str:provider_id>/login/callback/", openid.callback, name="openid_connect_callback"),
    *build_provider_urlpatterns(),
]
