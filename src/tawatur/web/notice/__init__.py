"""What an uploader is told of a decision on their image, and how they object: as text, as HTML and as a page."""
