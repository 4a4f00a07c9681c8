"""Reading the picture of a real machine: trees of files, parsed and not interpreted."""
