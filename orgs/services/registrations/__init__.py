"""Registrations, from the first Continue to Submit. ``services.approval`` takes it from there."""
