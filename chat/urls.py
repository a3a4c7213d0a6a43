"""Addresses of the conversation: its pages under /talk/, its socket at /ws/talk/."""

from django.urls import path

from chat import consumers
from chat.pages import desk, messages, rooms, start

app_name = "chat"
urlpatterns = [
    path("", rooms.index, name="index"),
    path("mine/", rooms.mine, name="mine"),
    path("new/", start.new, name="new"),
    path("desk/", desk.desk, name="desk"),
    path("rooms/<slug:slug>/", rooms.public_room, name="room"),
    path("with/<uuid:uid>/", rooms.direct, name="direct"),
    path("about/<slug:kind>/<str:public_id>/", start.about, name="about"),
    path("c/<uuid:uid>/", rooms.conversation, name="conversation"),
    path("c/<uuid:uid>/read/", rooms.read, name="read"),
    path("c/<uuid:uid>/place/", rooms.place, name="place"),
    path("c/<uuid:uid>/case/", desk.case, name="case"),
    path("c/<uuid:uid>/messages/", rooms.send, name="send"),
    path("c/<uuid:uid>/messages/<int:seq>/", messages.menu, name="message"),
    path("c/<uuid:uid>/messages/<int:seq>/cards/", messages.message_cards, name="cards"),
    path("c/<uuid:uid>/messages/<int:seq>/edit/", messages.edit, name="edit"),
    path("c/<uuid:uid>/messages/<int:seq>/delete/", messages.delete, name="delete"),
    path("c/<uuid:uid>/messages/<int:seq>/reactions/", messages.react, name="react"),
    path("c/<uuid:uid>/messages/<int:seq>/reports/", messages.report, name="report"),
]
websocket_urlpatterns = [path("ws/talk/", consumers.TalkConsumer.as_asgi())]
