"""One file per migration; what is released is never edited."""
