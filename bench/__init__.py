"""The workloads of `make bench`: what the product's speed is measured on. Nothing here asserts a time."""
