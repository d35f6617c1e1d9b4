"""The commands of ./lab: what they take, and whom they hand it to."""
