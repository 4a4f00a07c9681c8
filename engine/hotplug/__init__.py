"""What the kernel does when memory is added, onlined, offlined, removed and ejected, in its order of steps."""
