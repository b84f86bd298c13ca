"""Bytes to pictures and hashes: decoding, PDQ, the blur and the placeholder. Imports nothing of the house."""
