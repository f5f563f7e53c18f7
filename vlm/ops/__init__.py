"""What an operator looks at: doctor, health, probes, metrics, backlog."""
