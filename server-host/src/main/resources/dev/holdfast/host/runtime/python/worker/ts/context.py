"""The context of a handler."""

from holdfast_worker.context import Context, RequestProcessor

__all__ = ["Context", "RequestProcessor"]
