"""One latency distribution: an HDR histogram of microseconds up to an hour, three significant digits, mergeable."""

import math

from hdrh.histogram import HdrHistogram

from eventproof.report.records import Latency

_HOUR = 3_600_000_000
_DIGITS = 3
_EXACT_BITS = 11
_EXACT = 1 << _EXACT_BITS
"""Below so many microseconds each is told apart, with these digits; beyond, so many bits of a value are."""


class Histogram:
    """Records seconds; answers in seconds. Longer than an hour counts as an hour.

    What is recorded is counted by the value that the histogram would tell it apart by, and entered there when somebody
    asks: that takes a quarter of the time, and every message of a swarm is recorded. Until then there is none, as each
    takes 190 kB, and a swarm that goes in steps has one a latency and step.
    """

    __slots__ = ("_counts", "_entered")

    def __init__(self) -> None:
        self._entered: HdrHistogram | None = None
        self._counts: dict[int, int] = {}
        """Those that are not entered yet."""

    @property
    def _hdr(self) -> HdrHistogram:
        if self._entered is None:
            self._entered = HdrHistogram(1, _HOUR, _DIGITS)
        for value, count in self._counts.items():
            self._entered.record_value(value, count)
        self._counts.clear()
        return self._entered

    def record(self, seconds: float) -> None:
        """Enter one sample; a clock cannot run backwards, so a negative one counts as zero."""
        value = min(max(round(seconds * 1e6), 0), _HOUR)
        if value >= _EXACT:
            alike = value.bit_length() - _EXACT_BITS
            value = value >> alike << alike
        self._counts[value] = self._counts.get(value, 0) + 1

    def __len__(self) -> int:
        return int(self._hdr.get_total_count())

    @property
    def minimum(self) -> float:
        """The shortest sample, 0.0 where there is none."""
        return float(self._hdr.get_min_value()) / 1e6 if len(self) else 0.0

    @property
    def maximum(self) -> float:
        """The longest sample, 0.0 where there is none."""
        return float(self._hdr.get_max_value()) / 1e6

    @property
    def mean(self) -> float:
        """The arithmetic mean, 0.0 where there is no sample."""
        return float(self._hdr.get_mean_value()) / 1e6

    def percentiles(self, *percents: float) -> tuple[float, ...]:
        """For each per cent the smallest sample that at least so many per cent of all do not exceed.

        The rank is rounded up, so that the 99th percentile of twenty samples is their maximum.
        """
        count = len(self)
        if not count:
            return (0.0,) * len(percents)
        ranks = {percent: max(1, math.ceil(percent * count / 100 - 1e-9)) for percent in percents}
        shares = {percent: rank * 100 / count for percent, rank in ranks.items()}
        values = self._hdr.get_percentile_to_value_dict(list(shares.values()))
        return tuple(min(values[shares[percent]] / 1e6, self.maximum) for percent in percents)

    def above(self, seconds: float) -> int:
        """How many samples are longer than so many seconds."""
        counted = self._hdr.get_recorded_iterator()
        return sum(each.count_at_value_iterated_to for each in counted if each.value_iterated_to > seconds * 1e6)

    def add(self, other: "Histogram") -> None:
        """Take in all samples of another one."""
        if len(other):
            self._hdr.add(other._hdr)

    def encode(self) -> str:
        """The compressed base64 form that every HDR histogram reader takes."""
        return str(self._hdr.encode().decode("ascii"))

    @classmethod
    def decode(cls, text: str) -> "Histogram":
        """The histogram that `encode` wrote."""
        histogram = cls()
        decoded = HdrHistogram.decode(text)
        if decoded.get_total_count():
            histogram._hdr.add(decoded)
        return histogram

    def latency(self, metric: str, what: str, *, floor: bool = False) -> Latency:
        """As the record of a report, in milliseconds."""
        p50, p90, p99, p999 = (round(value * 1e3, 3) for value in self.percentiles(50, 90, 99, 99.9))
        return Latency(
            metric,
            what,
            count=len(self),
            minimum=round(self.minimum * 1e3, 3),
            p50=p50,
            p90=p90,
            p99=p99,
            p999=p999,
            maximum=round(self.maximum * 1e3, 3),
            histogram=self.encode(),
            floor=floor,
        )
