"""From data to sentences: the only place in the engine that writes English about what the kernel does.

The command line, the explorer, logs and JSON all take their sentences from here; whoever decides something looks at the data.
"""
