"""The corruption of 2017, in this process: what it takes, what it does, who sees it, and who does not."""
