"""The classic bugs: a module a family. docs/adding-a-bug.md tells how to add one."""
