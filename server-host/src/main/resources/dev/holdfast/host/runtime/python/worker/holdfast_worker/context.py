"""What a handler is told of its model, its requests and itself; the names are those of TorchServe's handlers."""


class RequestProcessor:
    """The headers of one request, and what the handler says of the answer to it."""

    def __init__(self, request_header):
        self._request_header = dict(request_header)
        self._status_code = 200
        self._reason_phrase = ""
        self._response_header = {}

    def get_request_property(self, key):
        return self._request_header.get(key)

    def get_request_properties(self):
        return self._request_header

    def report_status(self, code, reason_phrase=None):
        self._status_code = code
        self._reason_phrase = reason_phrase or ""

    def get_response_status_code(self):
        return self._status_code

    def get_response_status_phrase(self):
        return self._reason_phrase

    def add_response_property(self, key, value):
        self._response_header[key] = value

    def get_response_headers(self):
        return self._response_header

    def get_response_header(self):
        return self._response_header


class Context:
    """One model in one worker, and the batch that it answers now."""

    def __init__(
        self,
        model_name,
        model_dir,
        manifest,
        batch_size,
        gpu,
        mms_version,
        limit_max_image_pixels=True,
        metrics=None,
        model_yaml_config=None,
    ):
        self.model_name = model_name
        self.manifest = manifest
        self._system_properties = {
            "model_dir": model_dir,
            "gpu_id": gpu,
            "batch_size": batch_size,
            "server_name": "MMS",
            "server_version": mms_version,
            "limit_max_image_pixels": limit_max_image_pixels,
        }
        self.request_ids = None
        self.request_processor = None
        self._metrics = metrics
        self.model_yaml_config = {} if model_yaml_config is None else model_yaml_config
        self.stopping_criteria = None
        self.cache = {}
        self.explain = False
        self.cl_socket = None

    @property
    def system_properties(self):
        return self._system_properties

    @property
    def metrics(self):
        return self._metrics

    @metrics.setter
    def metrics(self, metrics):
        self._metrics = metrics

    def get_request_id(self, idx=0):
        return (self.request_ids or {}).get(idx)

    def get_request_header(self, idx, key):
        return self.request_processor[idx].get_request_property(key)

    def get_all_request_header(self, idx):
        return self.request_processor[idx].get_request_properties()

    def set_response_content_type(self, idx, value):
        self.set_response_header(idx, "content-type", value)

    def get_response_content_type(self, idx):
        return self.get_response_headers(idx).get("content-type")

    def get_response_status(self, idx):
        processor = self.request_processor[idx]
        return processor.get_response_status_code(), processor.get_response_status_phrase()

    def set_response_status(self, code=200, phrase="", idx=0):
        """The status of one request of the batch."""
        if self.request_processor is not None and self.request_processor[idx] is not None:
            self.request_processor[idx].report_status(code, reason_phrase=phrase)

    def set_all_response_status(self, code=200, phrase=""):
        """The status of every request of the batch."""
        for processor in self.request_processor or []:
            processor.report_status(code, reason_phrase=phrase)

    def set_response_header(self, idx, key, value):
        if self.request_processor is not None and self.request_processor[idx] is not None:
            self.request_processor[idx].add_response_property(key, value)

    def get_response_headers(self, idx):
        return self.request_processor[idx].get_response_headers()
