from django.urls import path

from accounts.api_keys import views as pages
from accounts.oauth import connected_apps as oauth

urlpatterns = [
    path("keys/", pages.key_list, name="keys"),
    path("keys/new/", pages.new_key, name="new_key"),
    path("keys/<uuid:uid>/rotate/", pages.rotate_key, name="rotate_key"),
    path("keys/<uuid:uid>/revoke/", pages.revoke_key, name="revoke_key"),
    path("programs/", oauth.consent_list, name="programs"),
    path("programs/<uuid:uid>/withdraw/", oauth.withdraw, name="withdraw"),
    path("clients/", oauth.client_list, name="clients"),
    path("clients/new/", oauth.new_client, name="new_client"),
    path("clients/<slug:client_id>/", oauth.change_client, name="client"),
    path("clients/<slug:client_id>/secret/", oauth.renew_secret, name="renew_secret"),
    path("clients/<slug:client_id>/remove/", oauth.remove_client, name="remove_client"),
]
