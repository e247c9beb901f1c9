"""What is decided: for each fact and each timer, what becomes of agents, offers and calls."""
