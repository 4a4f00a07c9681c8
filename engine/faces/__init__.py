"""What people meet: machines by name, from numbers or from words, films, differences, shell scripts, lsmem."""
