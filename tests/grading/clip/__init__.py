"""A tiny CLIP model made for tests, and what it must say by numpy alone."""
