"""Numbers: sets of pages as bits, sizes and addresses, how memory is divided, and what is wrong with a number."""
