"""URLs of the journal."""

from django.urls import path

from blog.feeds import views as feeds
from blog.journal import comment_views, list_views, post_views

app_name = "blog"

urlpatterns = [
    path("", list_views.index, name="index"),
    path("feed.xml", feeds.rss, name="feed"),
    path("feed/atom.xml", feeds.atom, name="atom_feed"),
    path("feed/feed.json", feeds.json_feed, name="json_feed"),
    path("tag/<str:slug>/", list_views.tag, name="tag"),
    path("by/<uuid:uid>/", list_views.author, name="author"),
    path("comments/<uuid:uid>/deletion/", comment_views.delete_comment, name="delete_comment"),
    path("<str:slug>/", post_views.post, name="post"),
    path("<str:slug>/comments/", comment_views.comments, name="comments"),
    path("<str:slug>/publication/", post_views.publication, name="publication"),
]
