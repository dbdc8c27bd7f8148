"""Answers in pieces, where older handlers look for them."""

from holdfast_worker.service import send_intermediate_predict_response

__all__ = ["send_intermediate_predict_response"]
