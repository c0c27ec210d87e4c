"""Training of Quell's mask network."""
