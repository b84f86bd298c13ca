"""The laboratory: a policy is judged here before it is used."""
