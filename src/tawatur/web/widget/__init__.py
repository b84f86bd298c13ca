"""What pages of other sites ask for: the widget's script, states, and tokens for readers."""
