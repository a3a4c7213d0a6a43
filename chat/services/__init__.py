"""What can be done in the conversation.

Lock order: the room, then its case, then memberships. The room is locked by raising its counters, so everything that
changes a message of a room happens one after the other, and revisions are given in the order of commits.
"""
