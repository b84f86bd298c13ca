"""`tawatur demo`: a small Arabic newspaper, its photographs, and crowds that report. A check that can fail."""
