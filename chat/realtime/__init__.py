"""Sockets: protocol, consumer, hub, presence."""
