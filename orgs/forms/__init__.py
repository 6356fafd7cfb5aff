"""What people type, by noun: the public front door, the wizard's steps, and the administration pages."""
