"""What is: agents, offers, calls and queues, and the indexes that answer without searching."""
