"""The YAML models, their loader with line numbers, and a complete working example set."""
