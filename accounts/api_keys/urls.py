from django.urls import path

from accounts.api_keys import views

urlpatterns = [
    path("api-keys/", views.key_list, name="api_keys"),
    path("api-keys/new/", views.new_key, name="new_api_key"),
    path("api-keys/<uuid:uid>/rotate/", views.rotate_key, name="rotate_api_key"),
    path("api-keys/<uuid:uid>/revoke/", views.revoke_key, name="revoke_api_key"),
]
