"""Pictures of memory as lines of coloured text. Pure: nothing here knows a terminal, Textual or a file format."""
