"""The verbs of the shop.

Locks are taken in this order and never in another, so that no two services wait for each other in a circle:

    cart -> order -> payment -> stock levels (by id)

Refunds, lines, reservations and fulfilments are guarded by the lock of their order. Stock comes last because it is
the most wanted: between its lock and the commit there is nothing left to do. No provider is asked inside a
transaction; docs/payments.md tells what happens when anything stops in between.
"""
