"""What must survive: kill -9, a rush, hostile bodies, a database or a disk that is gone (issue 2)."""
