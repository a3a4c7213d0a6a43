"""Programs that act for people: their pages, their staff pages, and the mails about them."""
