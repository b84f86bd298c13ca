"""What a fediverse server meets here: an actor for each site that is switched on, and its inbox."""
