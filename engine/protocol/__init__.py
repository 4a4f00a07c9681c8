"""What may be asked of a machine and what it tells: commands, scripts, events, outcomes."""
