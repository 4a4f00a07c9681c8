"""What kernels and architectures do differently, as data."""
