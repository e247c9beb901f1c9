"""What `/metrics` says, read by Prometheus' own parser."""

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]


class Scrape:
    """The samples of one look, by name and labels."""

    def __init__(self, text: str) -> None:
        self.types: dict[str, str] = {}
        self._samples: dict[tuple[str, Labels], float] = {}
        for family in text_string_to_metric_families(text):
            self.types[family.name] = family.type
            for sample in family.samples:
                key = (sample.name, frozenset(sample.labels.items()))
                assert key not in self._samples, f"{key} stands there twice"
                self._samples[key] = sample.value

    def value(self, name: str, **labels: str) -> float:
        """Return one sample's value; 0 is a value, and none is an error."""
        return self._samples[name, frozenset(labels.items())]

    def place(self, place: str) -> float:
        """Return how many callers are there."""
        return self.value("cordboard_live_calls", place=place)

    def waiting(self, queue: str) -> float:
        """Return how many callers wait in a queue."""
        return self.value("cordboard_queue_waiting_calls", queue=queue)

    def all_of(self, name: str) -> dict[Labels, float]:
        return {labels: value for (found, labels), value in self._samples.items() if found == name}

    def has(self, name: str, **labels: str) -> bool:
        return (name, frozenset(labels.items())) in self._samples

    def not_zero(self, name: str) -> dict[tuple[str, ...], float]:
        """Return the samples that are not 0, by the labels' values in the order of their names."""
        return {
            tuple(value for _, value in sorted(labels)): count
            for labels, count in self.all_of(name).items()
            if count
        }

    def label_values(self) -> set[str]:
        return {value for _, labels in self._samples for _, value in labels}


async def scrape(url: str, *, accept: str = "") -> Scrape:
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"{url}/metrics", headers={"Accept": accept}) as answer,
    ):
        assert answer.status == 200
        return Scrape(await answer.text())
