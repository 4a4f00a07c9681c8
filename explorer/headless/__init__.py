"""What the command line prints: tables and sentences for people, JSON for programs."""
