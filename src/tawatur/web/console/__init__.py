"""The console: where people look at cases and decide. Server-made pages; scripts only make them quicker to use.

`session.py` knows who is signed in, `pages.py` makes pages, `words/` has their texts in three languages, and there is a
module for each page.
"""
