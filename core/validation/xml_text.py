"""Characters that XML 1.0 cannot hold, and so no feed, sitemap or spreadsheet: control characters, non-characters."""

import re

# https://www.w3.org/TR/xml/#charsets: the complement of Char.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def drop_non_xml(text: str) -> str:
    """The text without characters that XML 1.0 cannot hold, however they are written."""
    return _NOT_XML.sub("", text)
