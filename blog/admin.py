"""The admin pages of this app, collected for Django."""

from blog.comments import admin as comments  # noqa: F401  they register on import
from blog.posts import admin as posts  # noqa: F401  they register on import
from blog.tags import admin as tags  # noqa: F401  they register on import
