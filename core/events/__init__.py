"""The event log, which is also the outbox: record, deliver, retry."""
