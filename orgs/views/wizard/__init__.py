"""The registration wizard, a module for each stretch of it."""
