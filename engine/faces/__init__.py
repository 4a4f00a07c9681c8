"""What people meet: machines by name or from numbers, differences, shell lines, lsmem."""
