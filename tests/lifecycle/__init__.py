"""A client's life: threads, loops, forks, signals, cancellation, the end of the process."""
