"""Rate limits of sign-in, without letting strangers lock anybody out.

Attempts from a browser in which the person signed in before are counted separately. Whether an account exists makes no
difference to what is counted.
"""

from typing import Final

from django.http import HttpRequest

from accounts.sessions import devices
from accounts.sessions.models import Device
from core import rate_limits
from core.validation.email_addresses import find_email

NETWORK_CODE_RATE: Final = "5/15minutes"
RECORD_RATE: Final = "1/5minutes"  # how often throttling is recorded
ADDRESS_CODE_RATE: Final = "20/hour"  # of all strangers together


def get_bucket(request: HttpRequest, email: str) -> str:
    """Return the key by which attempts are counted: a known browser, or all strangers. One query with a cookie."""
    email, mark = find_email(email), devices.get_device_digest(request)
    known = mark and Device.objects.filter(mark=mark, user__emailaddress__email=email).exists()
    return f"{email}:{mark if known else 'strangers'}"


def can_send_code(request: HttpRequest, email: str) -> bool:
    """Count one more code for an address and return whether it may be sent. False while the counter is unavailable."""
    bucket = get_bucket(request, email)
    network = rate_limits.client_key(request) if bucket.endswith(":strangers") else ""
    for_network = rate_limits.hit(NETWORK_CODE_RATE, "login-code", bucket, network, fail_closed=True)
    return for_network.allowed and rate_limits.hit(ADDRESS_CODE_RATE, "login-code", bucket, fail_closed=True).allowed
