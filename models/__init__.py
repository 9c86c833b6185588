"""Small trained weights of our own; README.md says what made them and what they reach."""
