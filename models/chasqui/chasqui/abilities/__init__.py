"""The abilities that the model learns, one module each."""
