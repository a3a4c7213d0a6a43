"""The journal for staff. Everything here calls the services that pages and the API call."""

from blog.admin import comments, posts, tags  # noqa: F401  they register on import
