"""What is kept of requests: logs, metrics, traces, and the audit of who asked what."""
