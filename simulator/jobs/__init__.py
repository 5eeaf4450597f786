"""Work that no page waits for: marking workers and the scheduler. Both call use cases; neither holds rules."""
