"""The explorer in the terminal (Textual): the application, its session, its verbs, its themes."""
