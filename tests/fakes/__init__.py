"""Stand-ins for what is outside of Cordboard, true to what was measured on the real thing."""
