"""Orchestration: the deterministic part. Everything that touches the world is an activity."""
