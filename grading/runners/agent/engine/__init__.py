"""The engine that executes a flow; it runs inside the sandbox only and imports nothing of the rest."""
