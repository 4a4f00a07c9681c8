"""What a machine is made of, as values in tables: sections, zones, memory blocks, and the state that holds them."""
