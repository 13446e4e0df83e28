"""The `portout` command line."""
