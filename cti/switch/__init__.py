"""What is done to the switch: dialplan, callers' sessions, commands carried out, live picture."""
