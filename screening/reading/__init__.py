"""From rule files to a bundle, or to every fault that they have, in words for their authors."""
