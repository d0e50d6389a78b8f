"""Every layer in turn, and the cases to try it on."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from layer_cases import Case, cases_of, empty_case_of, every_layer
from layers import Layer


@pytest.fixture(scope="session", params=every_layer, ids=lambda layer: layer.__name__)
def layer(request: pytest.FixtureRequest) -> type[Layer]:
    return request.param


@pytest.fixture(scope="session")
def cases(layer: type[Layer]) -> st.SearchStrategy[Case]:
    return cases_of(layer)


@pytest.fixture(scope="session")
def empty_case(layer: type[Layer]) -> Case:
    return empty_case_of(layer)
