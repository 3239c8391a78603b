"""What the tests of the package share."""

from __future__ import annotations

import pytest

import blindai

POLICY = """\
format = "blindai-policy-1"
tcb_statuses = ["UpToDate"]
advisories = []
configurations = "any"
min_tcb_evaluation_number = 1
max_evidence_age_s = 3600

[sgx]
mr_enclave = ["abababababababababababababababababababababababababababababababab"]
"""


@pytest.fixture
def policy_text() -> str:
    """A policy that no server satisfies."""
    return POLICY


@pytest.fixture
def policy() -> blindai.Policy:
    return blindai.Policy.from_text(POLICY)
