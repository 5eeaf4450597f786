"""What `simulator bench …` measures: one module for each bench, and what they share (`measure`, `report`)."""
