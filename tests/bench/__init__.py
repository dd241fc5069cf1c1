"""What `make bench` measures: stages of the pipeline beside a floor of the same work."""
