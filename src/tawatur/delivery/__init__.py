"""Readers of the log that leave the house."""
