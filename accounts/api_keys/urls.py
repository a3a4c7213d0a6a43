from django.urls import path

from accounts.api_keys import views as pages

urlpatterns = [
    path("keys/", pages.key_list, name="keys"),
    path("keys/new/", pages.new_key, name="new_key"),
    path("keys/<uuid:uid>/rotate/", pages.rotate_key, name="rotate_key"),
    path("keys/<uuid:uid>/revoke/", pages.revoke_key, name="revoke_key"),
]
