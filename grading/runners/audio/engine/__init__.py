"""The measuring of sounds, inside the sandbox. Imports nothing of grading; modules of this package relatively."""
