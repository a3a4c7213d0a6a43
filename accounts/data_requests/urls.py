from django.urls import path

from accounts.data_requests import views as pages

urlpatterns = [
    path("export/", pages.exports, name="exports"),
    path("export/<uuid:uid>/<str:secret>/", pages.fetch_export, name="fetch_export"),
    path("close/", pages.close, name="close"),
    path("closing/", pages.closing, name="closing"),
]
