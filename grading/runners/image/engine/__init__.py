"""What decodes and measures pictures, inside the sandbox only."""
