"""Answers in pieces."""

from holdfast_worker.service import send_intermediate_predict_response

__all__ = ["send_intermediate_predict_response"]
