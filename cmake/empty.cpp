// The source of a target that has headers only.
