"""The one history: a closed list of events, their order, and what is made of them."""
