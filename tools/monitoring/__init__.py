"""What people load into Prometheus and Grafana, as far as it is made from something else: ``make docs``."""
