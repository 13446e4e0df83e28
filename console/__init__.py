"""What others reach over HTTP: webhooks of the carrier, and whether the service is well."""
