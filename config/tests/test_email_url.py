"""EMAIL_URL as people write it."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.email_url import MailServer, parse


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("", MailServer()),
        ("smtp+tls://u:p@mail.example:2525", ("smtp+tls", "u", "p", "mail.example", 2525)),
        ("smtp+tls://u:p@mail.example", ("smtp+tls", "u", "p", "mail.example", 587)),
        ("smtp+ssl://u:p@mail.example/", ("smtp+ssl", "u", "p", "mail.example", 465)),
        ("SMTP://Mail.Example:25", ("smtp", "", "", "mail.example", 25)),
        ("smtp+tls://shop%40example.com:p%23ss@mail.example:587", ("smtp+tls", "shop@example.com", "p#ss", "mail.example", 587)),
        ("smtp+tls://shop@example.com:p#s/s?@:%25@mail.example:587", ("smtp+tls", "shop@example.com", "p#s/s?@:%", "mail.example", 587)),
        ("smtp+tls://a%3Ab:100%@mail.example", ("smtp+tls", "a:b", "100%", "mail.example", 587)),
        ("smtp+tls://u:p@[::1]:587", ("smtp+tls", "u", "p", "::1", 587)),
    ],
)  # fmt: skip
def test_parts_are_decoded(url, read):
    assert tuple(parse(url)) == tuple(read)


@pytest.mark.parametrize(
    "url",
    ["mail.example:587", "imap://u:secret@mail.example", "smtp+tls://u:secret@", "smtp+tls://u:secret@mail.example:port",
     "smtp+tls://u:secret@mail.example:99999", "smtp+tls://u:secret@mail.example/box", "smtp+tls://u:secret@mail.example#x"],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_without_the_password(url):
    with pytest.raises(ImproperlyConfigured, match=r"^EMAIL_URL") as refused:
        parse(url)
    assert "secret" not in str(refused.value)
