"""Re-marking an exam by other task versions: try it in the background, see who changes, apply or drop it as a whole."""
