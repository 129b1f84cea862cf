"""The border: what comes in a coding that we do not speak, or expects what we do not do, goes no further."""

from collections.abc import Mapping

from ..refusals import Refusal


def check(headers: Mapping[str, str]) -> None:
    """Raises Refusal where the body would not be read as it was meant."""
    if headers.get("Transfer-Encoding", "chunked").lower() != "chunked":
        # RFC 9112, 6.1: what has a coding that the server does not understand is not to be read.
        raise Refusal("malformed_request", "Bodies come chunked or as they are: send this one so.")
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        # RFC 9110, 8.4: "an origin server MAY respond with a status code of 415".
        raise Refusal("unsupported_media_type", "Bodies are not compressed here: send this one as it is.")
    if headers.get("Expect", "100-continue").lower() != "100-continue":
        # RFC 9110, 10.1.1: "A server that receives an Expect field value containing a member other than 100-continue
        # MAY respond with a 417 […] to indicate that the unexpected expectation cannot be met."
        raise Refusal("malformed_request", "Nothing but 100-continue can be expected here: leave Expect out.")
