"""Addresses of letters: those anybody may open, and those of one's account."""

from django.urls import path

from accounts.subscriptions import views as pages

own = [
    path("notifications/", pages.notifications, name="notifications"),
    path("notifications/<uuid:uid>/end/", pages.stop, name="stop_notification"),
]
letters = (
    [
        path("", pages.index, name="index"),
        path("asked/", pages.asked, name="asked"),
        path("yes/<str:token>/", pages.confirm, name="confirm"),
        path("no/<str:token>/", pages.end, name="end"),
    ],
    "letters",
)
