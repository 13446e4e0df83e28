"""What others reach over HTTP: webhooks of the carrier, whether the service is well, payloads for Temporal's UI."""
