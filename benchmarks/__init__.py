"""What the daemon costs, measured on whole paths: `python -m benchmarks`, or `make bench`.

Each figure is the median of several runs. A run in which a message is missing is no result. Clients and servers of a
measurement are processes of their own, so that the daemon's process is all that is measured.
"""
