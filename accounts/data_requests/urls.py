from django.urls import path

from accounts.data_requests import views

urlpatterns = [
    path("export/", views.exports, name="exports"),
    path("export/<uuid:uid>/<str:secret>/", views.fetch_export, name="fetch_export"),
    path("delete/", views.delete_account, name="delete_account"),
    path("pending-deletion/", views.pending_deletion, name="pending_deletion"),
]
