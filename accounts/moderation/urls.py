"""URLs of the moderation queue, of bans and of reports."""

from django.urls import path

from accounts.moderation import views as pages

patterns = (
    [
        path("staff/queue/", pages.index, name="queue"),
        path("staff/queue/decisions/", pages.decide, name="decide"),
        path("staff/bans/new/", pages.new_ban, name="new_ban"),
        path("reports/<slug:kind>/<str:subject_id>/", pages.report, name="report"),
    ],
    "moderation",
)
