"""Benchmarks that settle a choice: each is a command of its own and prints its tables."""
