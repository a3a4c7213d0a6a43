"""Payments, refunds, the ledger, and payment providers."""
