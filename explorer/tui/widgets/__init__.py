"""What the screens are made of; every widget draws values that it reads from a machine."""
