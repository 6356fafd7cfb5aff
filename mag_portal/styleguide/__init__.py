"""The styleguide: every shared component in every state. Mounted outside production only."""
