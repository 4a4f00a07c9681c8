"""The files through which people ask and look: what a write does, and what each file reads as."""
