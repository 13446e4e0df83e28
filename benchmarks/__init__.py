"""What is measured, and against what. Figures are ratios and limits to read, never assertions of a timed test."""
