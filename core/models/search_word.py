"""The distinct words of all search documents, for finding the word that somebody meant."""

from typing import ClassVar

from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.utils.translation import gettext_lazy as _


class SearchWord(models.Model):
    """A word as it is written, in lower case. A word that left all documents may stay until the next reindex."""

    MAX_LENGTH = 40

    # In the order of its bytes, so that the index finds beginnings as a range.
    word = models.CharField(_("word"), max_length=MAX_LENGTH, primary_key=True, db_collation="C")

    class Meta:
        verbose_name = _("search word")
        verbose_name_plural = _("search words")
        indexes: ClassVar = [GistIndex(fields=["word"], name="search_word_trigrams", opclasses=["gist_trgm_ops"])]

    def __str__(self) -> str:
        return self.word
