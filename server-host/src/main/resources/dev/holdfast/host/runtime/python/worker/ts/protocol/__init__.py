"""Where older handlers look for answers in pieces."""
