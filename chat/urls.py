"""URLs of the chat: pages under /talk/, the socket at /ws/talk/."""

from django.urls import path

from chat.realtime import consumers
from chat.support import views as desk
from chat.web import message_views, room_views, start_views

app_name = "chat"
urlpatterns = [
    path("", room_views.index, name="index"),
    path("mine/", room_views.mine, name="mine"),
    path("new/", start_views.new, name="new"),
    path("desk/", desk.desk, name="desk"),
    path("rooms/<slug:slug>/", room_views.public_room, name="room"),
    path("with/<uuid:uid>/", room_views.direct, name="direct"),
    path("about/<slug:kind>/<str:public_id>/", start_views.about, name="about"),
    path("c/<uuid:uid>/", room_views.conversation, name="conversation"),
    path("c/<uuid:uid>/read/", room_views.read, name="read"),
    path("c/<uuid:uid>/place/", room_views.membership, name="place"),
    path("c/<uuid:uid>/case/", desk.case, name="case"),
    path("c/<uuid:uid>/messages/", room_views.send, name="send"),
    path("c/<uuid:uid>/messages/<int:seq>/", message_views.menu, name="message"),
    path("c/<uuid:uid>/messages/<int:seq>/cards/", message_views.message_cards, name="cards"),
    path("c/<uuid:uid>/messages/<int:seq>/edit/", message_views.edit, name="edit"),
    path("c/<uuid:uid>/messages/<int:seq>/delete/", message_views.delete, name="delete"),
    path("c/<uuid:uid>/messages/<int:seq>/reactions/", message_views.react, name="react"),
    path("c/<uuid:uid>/messages/<int:seq>/reports/", message_views.report, name="report"),
]
websocket_urlpatterns = [path("ws/talk/", consumers.ChatConsumer.as_asgi())]
