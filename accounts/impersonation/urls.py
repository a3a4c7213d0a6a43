from django.urls import path

from accounts.impersonation import views

urlpatterns = [
    path("impersonate/<uuid:uid>/", views.impersonate, name="impersonate"),
    path("impersonate/stop/", views.stop, name="stop_impersonating"),
]
