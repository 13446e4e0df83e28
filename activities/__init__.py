"""What workflows call: thin activities over the carrier, the records, the notices and the decision core."""
