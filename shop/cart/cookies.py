"""The cart of a request: by a signed cookie for a visitor, by user after sign-in."""

from django.conf import settings
from django.http import HttpResponse

from accounts.users.models import User
from core.web.http import PageRequest
from shop.cart import services as carts
from shop.cart.models import Cart

COOKIE_NAME = "__Host-cart" if settings.SECURE else "cart"
COOKIE_SALT = "shop.cart"
COOKIE_AGE_SECONDS = 60 * 24 * 3600


def has_cookie(request: PageRequest) -> bool:
    return COOKIE_NAME in request.COOKIES


def get_cart_token(request: PageRequest) -> str:
    """The token of the visitor's cart, or "" without a cookie or with an invalid one."""
    return str(request.get_signed_cookie(COOKIE_NAME, "", salt=COOKIE_SALT, max_age=COOKIE_AGE_SECONDS))


def get_cart(request: PageRequest) -> Cart | None:
    """The open cart of the request, looked up once. After sign-in a visitor's cart becomes the user's."""
    if not hasattr(request, "shop_cart"):
        token = get_cart_token(request) if has_cookie(request) else ""
        found = carts.get_current_cart(token=token, user=get_user(request))
        request.shop_cart = found  # type: ignore[attr-defined]  # for the context processor
    return request.shop_cart  # type: ignore[attr-defined, no-any-return]


def get_user(request: PageRequest) -> User | None:
    return request.grant.user


def get_or_open_cart(request: PageRequest) -> tuple[Cart, str]:
    """Return the open cart, or a new one, and the token to store in the cookie ("" for an existing cart)."""
    found = get_cart(request)
    if found is not None:
        return found, ""
    made, token = carts.open_cart(by=request.grant.actor)
    request.shop_cart = made  # type: ignore[attr-defined]
    return made, token


def set_cart_cookie(response: HttpResponse, token: str) -> None:
    """Store the token of the cart in a signed cookie."""
    if token:
        response.set_signed_cookie(
            COOKIE_NAME,
            token,
            COOKIE_SALT,
            max_age=COOKIE_AGE_SECONDS,
            secure=settings.SECURE,
            httponly=True,
            samesite="Lax",
        )


def delete_cart_cookie(response: HttpResponse) -> None:
    """Delete the cookie once the cart has become an order."""
    response.delete_cookie(COOKIE_NAME, samesite="Lax")
