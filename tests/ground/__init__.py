"""The ground that tests stand on: a real PostgreSQL (postgres.py) and a real server (server.py)."""
