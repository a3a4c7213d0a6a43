"""Addresses of the journal."""

from django.urls import path

from blog import feeds
from blog.pages import discussion, lists, post

app_name = "blog"

urlpatterns = [
    path("", lists.index, name="index"),
    path("feed.xml", feeds.rss, name="feed"),
    path("feed/atom.xml", feeds.atom, name="atom_feed"),
    path("feed/feed.json", feeds.json_feed, name="json_feed"),
    path("tag/<str:slug>/", lists.tag, name="tag"),
    path("by/<uuid:uid>/", lists.author, name="author"),
    path("comments/<uuid:uid>/deletion/", discussion.delete_comment, name="delete_comment"),
    path("<str:slug>/", post.post, name="post"),
    path("<str:slug>/comments/", discussion.comments, name="comments"),
    path("<str:slug>/publication/", post.publication, name="publication"),
]
