"""Tags in the admin."""

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from blog.tags.models import Tag, TagAlias
from core import constraints
from core.staff.edit_admin import EditAdmin

constraints.register(
    {
        "tag_name_once": ("name", _("Another tag has this name.")),
        "tag_slug_lower": ("slug", _("Use lowercase letters in the slug.")),
        "tag_alias_slug_lower": ("slug", _("Use lowercase letters in the slug.")),
    }
)


class TagAliasInline(admin.StackedInline):
    model = TagAlias
    extra = 1


@admin.register(Tag)
class TagAdmin(EditAdmin):
    """Names, descriptions and aliases of tags."""

    list_display = ("name", "slug", "description")
    search_fields = ("name", "slug")
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    inlines: ClassVar = [TagAliasInline]
