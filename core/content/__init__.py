"""Texts and pictures: Markdown, media, text pages, the blocks of the home page."""
