"""What handlers raise to answer with a status of their own."""


class PredictionException(Exception):
    """Answers the whole batch with a code and a message."""

    def __init__(self, message, error_code=500):
        self.message = message
        self.error_code = error_code
        super().__init__(message)

    def __str__(self):
        return "%s : %s" % (self.message, self.error_code)
