"""Races with faults: processes that fight for few slots while parts of the product are killed, and what stands then.

Every client writes down what it sends and what it is answered; the checker compares that with the database, in the
manner of Jepsen (https://jepsen.io). Run by `make races` or `python -m bench.races`.
"""
