"""Events for other programs: signed, tried again for a day, never to an internal address.

`endpoints` keeps the addresses, `deliveries` what is to be sent, `sending` sends it; `guard`, `transport` and
`signing` are how. docs/webhooks.md tells receivers what to expect.
"""
