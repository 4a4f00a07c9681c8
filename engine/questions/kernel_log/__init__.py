"""What a kernel log means (`explain`): the lines that kernels, drivers, hypervisors' guests and programs print, as rows."""
