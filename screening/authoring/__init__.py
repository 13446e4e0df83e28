"""What authors ask about their policies: do they pass, what did they decide and why, what would others decide."""
