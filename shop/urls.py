"""The shop's addresses, under /shop/. Category slugs come last: a category cannot be called like a page."""

from django.urls import path

from shop.addresses import views as addresses
from shop.cart import views as cart
from shop.checkout import views as checkout
from shop.order_management import staff_views
from shop.order_management import views as orders
from shop.payments import views as sandbox
from shop.payments import views as webhooks
from shop.reviews import views as reviews
from shop.storefront import category, product

app_name = "shop"

urlpatterns = [
    path("", category.index, name="index"),
    path("cart/", cart.cart, name="cart"),
    path("cart/count/", cart.count, name="cart_count"),
    path("cart/lines/", cart.add_line, name="add_line"),
    path("cart/lines/<slug:sku>/", cart.set_line, name="set_line"),
    path("cart/lines/<slug:sku>/removal/", cart.remove_line, name="remove_line"),
    path("checkout/", checkout.start, name="checkout"),
    path("checkout/contact/", checkout.contact, name="contact"),
    path("checkout/delivery/", checkout.delivery, name="delivery"),
    path("checkout/payment/", checkout.payment_step, name="payment"),
    path("checkout/review/", checkout.review, name="review"),
    path("addresses/", addresses.addresses, name="addresses"),
    path("addresses/new/", addresses.add, name="add_address"),
    path("addresses/<uuid:uid>/", addresses.change, name="change_address"),
    path("addresses/<uuid:uid>/removal/", addresses.remove, name="remove_address"),
    path("addresses/<uuid:uid>/default/", addresses.make_default, name="default_address"),
    path("orders/", orders.own_orders, name="orders"),
    path("orders/find/", orders.find, name="find_order"),
    path("orders/<slug:number>/", orders.order, name="order"),
    path("orders/<slug:number>/refunds/", staff_views.refunds, name="refunds"),
    path("orders/<slug:number>/fulfilments/", staff_views.fulfilments, name="fulfilments"),
    path("orders/<slug:number>/cancellation/", orders.cancellation, name="cancellation"),
    path("orders/<slug:number>/payments/", orders.payments, name="payments"),
    path("orders/<slug:number>/<slug:signature>/", orders.order, name="order"),
    path("orders/<slug:number>/<slug:signature>/cancellation/", orders.cancellation, name="cancellation"),
    path("orders/<slug:number>/<slug:signature>/return/", orders.payment_return, name="payment_return"),
    path("sandbox/<slug:ref>/", sandbox.hosted_page, name="sandbox"),
    path("webhooks/<slug:provider>/", webhooks.provider_webhook, name="provider_webhook"),
    path("p/<slug:slug>/", product.product, name="product"),
    path("p/<slug:slug>/reviews/", reviews.reviews, name="reviews"),
    path("<slug:category>/", category.category, name="category"),
]
