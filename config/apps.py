"""The composition root: it holds the pages and commands made of several apps."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class AgoraConfig(AppConfig):
    name = "config"
    label = "agora"
    verbose_name = "Agora"


class AgoraAdminConfig(AdminConfig):
    default_site = "config.admin.AgoraAdminSite"
