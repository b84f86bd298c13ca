"""The REST interface under `/v1`: each file turns requests about one noun into calls of its use case."""
