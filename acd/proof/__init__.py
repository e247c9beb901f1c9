"""What must hold after every step, and how a floor on which it does not is put right."""
