from django.urls import path

from accounts.impersonation import views as pages

urlpatterns = [
    path("act-for/<uuid:uid>/", pages.impersonate, name="impersonate"),
    path("act-for/stop/", pages.stop, name="stop_impersonating"),
]
