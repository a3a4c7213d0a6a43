"""Links to the tracking pages of carriers, for parcels that were recorded with a number and no link."""

import re
from urllib.parse import quote

NOT_A_LETTER = re.compile(r"[^a-z]")

TRACKING_PAGES = {
    "anpost": "https://www.anpost.com/Post-Parcels/Track/History?item={code}",
    "deutschepost": "https://www.deutschepost.de/de/s/sendungsverfolgung.html?piececode={code}",
    "dhl": "https://www.dhl.com/global-en/home/tracking.html?tracking-id={code}",
    "dpd": "https://tracking.dpd.de/status/en_US/parcel/{code}",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr={code}",
    "gls": "https://gls-group.com/track/{code}",
    "royalmail": "https://www.royalmail.com/track-your-item#/tracking-results/{code}",
    "ups": "https://www.ups.com/track?tracknum={code}",
    "usps": "https://tools.usps.com/go/TrackConfirmAction?tLabels={code}",
}


def get_tracking_url(carrier: str, code: str) -> str:
    """The carrier's page about a parcel, or "" for a carrier that is not known. "DHL Express" is DHL."""
    name = NOT_A_LETTER.sub("", carrier.lower())
    page = next((page for known, page in TRACKING_PAGES.items() if name.startswith(known)), "")
    return page.format(code=quote(code, safe="")) if code else ""
