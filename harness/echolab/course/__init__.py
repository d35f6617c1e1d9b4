"""The course: its labs, what they ask their readers to predict, and how that is measured."""
