"""What Bluesky's network asks of a labeler: XRPC over HTTP and WebSocket."""
