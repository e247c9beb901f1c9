"""Running the daemon: its figures for Prometheus, the service manager, certificates that change."""
