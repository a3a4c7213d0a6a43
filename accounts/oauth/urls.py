"""URLs of the OAuth provider. django-oauth-toolkit looks them up by these names."""

from django.urls import include, path, re_path

from accounts.oauth import connected_apps, discovery, introspection, views

WELL_KNOWN = ".well-known"
patterns = (
    [
        re_path(
            rf"^\{WELL_KNOWN}/openid-configuration$", discovery.Discovery.as_view(), name="oidc-connect-discovery-info"
        ),
        path(f"{WELL_KNOWN}/oauth-authorization-server", discovery.Metadata.as_view(), name="oauth-server-metadata"),
        path("oauth/keys", discovery.keys, name="jwks-info"),
        path("oauth/authorize/", views.Authorize.as_view(), name="authorize"),
        path("oauth/token/", views.Token.as_view(), name="token"),
        path("oauth/revoke/", views.Revoke.as_view(), name="revoke-token"),
        path("oauth/introspect/", introspection.Introspect.as_view(), name="introspect"),
        path("oauth/userinfo/", views.UserInfo.as_view(), name="user-info"),
        path("oauth/logout/", views.Logout.as_view(), name="rp-initiated-logout"),
        path("oauth/device-authorization/", views.DeviceAuthorization.as_view(), name="device-authorization"),
        path("oauth/device/", connected_apps.device, name="device"),
    ],
    "oauth2_provider",
)
urlpatterns = [path("", include(patterns))]

# Below /account/
own = [
    path("connected-apps/", connected_apps.consent_list, name="connected_apps"),
    path("connected-apps/<uuid:uid>/withdraw/", connected_apps.withdraw_consent, name="withdraw_consent"),
    path("clients/", connected_apps.client_list, name="clients"),
    path("clients/new/", connected_apps.new_client, name="new_client"),
    path("clients/<slug:client_id>/", connected_apps.change_client, name="client"),
    path("clients/<slug:client_id>/secret/", connected_apps.renew_secret, name="renew_secret"),
    path("clients/<slug:client_id>/remove/", connected_apps.remove_client, name="remove_client"),
]
