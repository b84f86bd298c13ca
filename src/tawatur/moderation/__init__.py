"""The use cases, one file each: load the case, decide, write, append events."""
