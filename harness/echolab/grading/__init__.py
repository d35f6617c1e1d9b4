"""Grades submissions: builds a copy in a sandbox, checks it there, and weighs what was found."""
