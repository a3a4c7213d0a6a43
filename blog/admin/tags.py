"""Subjects."""

from typing import ClassVar

from django.contrib import admin
from django.contrib.admin import ModelAdmin

from blog.models import Tag, TagAlias


class TagAliasInline(admin.StackedInline):
    model = TagAlias
    extra = 1


@admin.register(Tag)
class TagAdmin(ModelAdmin):
    """Names, words of introduction, and the other addresses under which a subject is found."""

    list_display = ("name", "slug", "description")
    search_fields = ("name", "slug")
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    inlines: ClassVar = [TagAliasInline]
