"""Holdfast's own Python worker: loads a handler and answers the host's batches over a socket.

Standard library alone, Python 3.8 and later.
"""
