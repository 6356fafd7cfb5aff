"""The mail preview: every message with the examples of its room. Mounted outside production only."""
