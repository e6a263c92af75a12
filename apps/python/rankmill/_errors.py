"""The one exception of this package."""


class RankmillError(Exception):
    """code is the exit code of rankmill: 1 may pass when retried, 2 usage, 3 data, 4 a difference, 75 interrupted."""

    def __init__(self, code, message):
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self):
        return self.message
