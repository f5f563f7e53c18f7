"""What is in this folder is run by `make test-system`."""

import pytest


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker("system")
